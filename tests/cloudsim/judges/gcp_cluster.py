#!/usr/bin/env python3
"""Google's own client makes, lists, changes and deletes what a cluster needs.

usage: gcp_cluster.py ENDPOINT KEY_FILE
"""
import sys

from google.api_core import exceptions
from google.cloud import compute_v1 as c

ENDPOINT, KEY = sys.argv[1:]
PROJECT, REGION, ZONE = "ladybug-sim", "us-central1", "us-central1-a"
DONE = c.Operation.Status.DONE


def client(kind):
    return kind.from_service_account_file(KEY, client_options={"api_endpoint": ENDPOINT})


networks, subnetworks, firewalls = (client(k) for k in (c.NetworksClient, c.SubnetworksClient, c.FirewallsClient))
instances, addresses, groups = (client(k) for k in (c.InstancesClient, c.AddressesClient, c.InstanceGroupsClient))
checks, backends = client(c.RegionHealthChecksClient), client(c.RegionBackendServicesClient)
rules, disks, images = client(c.ForwardingRulesClient), client(c.DisksClient), client(c.ImagesClient)


waiters = {kind: client(kind) for kind in (c.ZoneOperationsClient, c.RegionOperationsClient, c.GlobalOperationsClient)}


def done(operation):
    """Waits at this endpoint: what the library's own futures ask is the public one."""
    while operation.status != DONE:
        name, last = operation.name, lambda url: url.rsplit("/", 1)[-1]
        if operation.zone:
            operation = waiters[c.ZoneOperationsClient].wait(project=PROJECT, zone=last(operation.zone), operation=name)
        elif operation.region:
            operation = waiters[c.RegionOperationsClient].wait(project=PROJECT, region=last(operation.region), operation=name)
        else:
            operation = waiters[c.GlobalOperationsClient].wait(project=PROJECT, operation=name)
    assert not operation.error.errors, operation


def refused(kind, call):
    try:
        call()
    except kind:
        return
    raise SystemExit(f"{kind.__name__} was expected")


def main():
    network = f"projects/{PROJECT}/global/networks/judge"
    done(networks.insert_unary(project=PROJECT, network_resource=c.Network(name="judge", auto_create_subnetworks=False)))
    refused(exceptions.Conflict, lambda: networks.insert_unary(
        project=PROJECT, network_resource=c.Network(name="judge", auto_create_subnetworks=False)))
    done(subnetworks.insert_unary(project=PROJECT, region=REGION, subnetwork_resource=c.Subnetwork(
        name="judge", network=network, ip_cidr_range="10.9.0.0/24")))
    allowed = c.Allowed(I_p_protocol="tcp", ports=["22", "6443"])
    done(firewalls.insert_unary(project=PROJECT, firewall_resource=c.Firewall(
        name="judge", network=network, allowed=[allowed], source_ranges=["203.0.113.0/24"], target_tags=["judge"])))
    done(firewalls.patch_unary(project=PROJECT, firewall="judge", firewall_resource=c.Firewall(
        name="judge", source_ranges=["198.51.100.0/24"])))
    assert list(firewalls.get(project=PROJECT, firewall="judge").source_ranges) == ["198.51.100.0/24"]

    image = images.get_from_family(project="ubuntu-os-cloud", family="ubuntu-2404-lts-amd64")
    disk = c.AttachedDisk(boot=True, auto_delete=True, initialize_params=c.AttachedDiskInitializeParams(
        source_image=image.self_link, disk_size_gb=20))
    nic = c.NetworkInterface(subnetwork=f"regions/{REGION}/subnetworks/judge",
                             access_configs=[c.AccessConfig(type_="ONE_TO_ONE_NAT", name="External NAT")])
    made = [instances.insert_unary(project=PROJECT, zone=ZONE, instance_resource=c.Instance(
        name=f"judge-{number}", machine_type=f"zones/{ZONE}/machineTypes/e2-medium", disks=[disk], network_interfaces=[nic],
        labels={"cluster": "judge"}, tags=c.Tags(items=["judge"]))) for number in range(4)]
    for operation in made:
        done(operation)
    shown = list(instances.list(request=c.ListInstancesRequest(project=PROJECT, zone=ZONE, filter="labels.cluster=judge")))
    assert len(shown) == 4 and all(i.status == "RUNNING" and i.network_interfaces[0].access_configs[0].nat_i_p for i in shown)
    everywhere = {scope: page.instances for scope, page in instances.aggregated_list(project=PROJECT)}
    assert sum(map(len, everywhere.values())) == 4 and len(everywhere) > 4
    assert len(list(disks.list(project=PROJECT, zone=ZONE))) == 4
    first = shown[0]
    refused(exceptions.PreconditionFailed, lambda: instances.set_tags_unary(
        project=PROJECT, zone=ZONE, instance=first.name, tags_resource=c.Tags(items=["x"], fingerprint="AAAAAAAAAAA=")))
    done(instances.set_labels_unary(project=PROJECT, zone=ZONE, instance=first.name, instances_set_labels_request_resource=(
        c.InstancesSetLabelsRequest(labels={"cluster": "judge", "role": "x"}, label_fingerprint=first.label_fingerprint))))
    done(instances.stop_unary(project=PROJECT, zone=ZONE, instance=first.name))
    assert instances.get(project=PROJECT, zone=ZONE, instance=first.name).status == "TERMINATED"
    done(instances.start_unary(project=PROJECT, zone=ZONE, instance=first.name))

    done(addresses.insert_unary(project=PROJECT, region=REGION, address_resource=c.Address(name="judge")))
    done(checks.insert_unary(project=PROJECT, region=REGION, health_check_resource=c.HealthCheck(
        name="judge", type_="TCP", tcp_health_check=c.TCPHealthCheck(port=6443))))
    done(groups.insert_unary(project=PROJECT, zone=ZONE, instance_group_resource=c.InstanceGroup(name="judge")))
    done(groups.add_instances_unary(project=PROJECT, zone=ZONE, instance_group="judge", instance_groups_add_instances_request_resource=(
        c.InstanceGroupsAddInstancesRequest(instances=[c.InstanceReference(instance=i.self_link) for i in shown[:2]]))))
    done(backends.insert_unary(project=PROJECT, region=REGION, backend_service_resource=c.BackendService(
        name="judge", protocol="TCP", load_balancing_scheme="EXTERNAL",
        health_checks=[f"projects/{PROJECT}/regions/{REGION}/healthChecks/judge"],
        backends=[c.Backend(group=f"projects/{PROJECT}/zones/{ZONE}/instanceGroups/judge", balancing_mode="CONNECTION")])))
    done(rules.insert_unary(project=PROJECT, region=REGION, forwarding_rule_resource=c.ForwardingRule(
        name="judge", I_p_protocol="TCP", port_range="6443", load_balancing_scheme="EXTERNAL",
        I_p_address=f"projects/{PROJECT}/regions/{REGION}/addresses/judge",
        backend_service=f"projects/{PROJECT}/regions/{REGION}/backendServices/judge")))
    assert addresses.get(project=PROJECT, region=REGION, address="judge").status == "IN_USE"
    refused(exceptions.BadRequest, lambda: addresses.delete_unary(project=PROJECT, region=REGION, address="judge"))
    assert groups.get(project=PROJECT, zone=ZONE, instance_group="judge").size == 2

    done(rules.delete_unary(project=PROJECT, region=REGION, forwarding_rule="judge"))
    done(backends.delete_unary(project=PROJECT, region=REGION, backend_service="judge"))
    done(checks.delete_unary(project=PROJECT, region=REGION, health_check="judge"))
    done(groups.delete_unary(project=PROJECT, zone=ZONE, instance_group="judge"))
    done(addresses.delete_unary(project=PROJECT, region=REGION, address="judge"))
    refused(exceptions.BadRequest, lambda: subnetworks.delete_unary(project=PROJECT, region=REGION, subnetwork="judge"))
    for operation in [instances.delete_unary(project=PROJECT, zone=ZONE, instance=i.name) for i in shown]:
        done(operation)
    done(firewalls.delete_unary(project=PROJECT, firewall="judge"))
    done(subnetworks.delete_unary(project=PROJECT, region=REGION, subnetwork="judge"))
    done(networks.delete_unary(project=PROJECT, network="judge"))
    refused(exceptions.NotFound, lambda: networks.get(project=PROJECT, network="judge"))
    print("4 machines, a network and a load balancer made, listed, changed and deleted")


main()
