#!/usr/bin/env python3
"""Microsoft's own clients against cloudsim's Azure face: they make a network, a firewall, machines and a load balancer, list
and change them, and delete everything; the group goes last.

Reads AZURE_ENDPOINT, AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and AZURE_SUBSCRIPTION_ID. Needs azure-mgmt-compute,
azure-mgmt-network and azure-mgmt-resource.
"""

import base64
import json
import os
import time
import urllib.parse
import urllib.request

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

ENDPOINT = os.environ["AZURE_ENDPOINT"]
SUBSCRIPTION = os.environ["AZURE_SUBSCRIPTION_ID"]
AUDIENCE = "https://management.azure.com/.default"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKXdDFif6CQJ/K5qSuFAvAAX1pstDbAb0PPRy1x8n4iz t"
GROUP, REGION = "judge", "koreacentral"


class Secret:
    """A credential by the client's secret, over plain HTTP."""

    def get_token(self, *_scopes, **_):
        form = {
            "grant_type": "client_credentials",
            "client_id": os.environ["AZURE_CLIENT_ID"],
            "client_secret": os.environ["AZURE_CLIENT_SECRET"],
            "scope": AUDIENCE,
        }
        url = f"{ENDPOINT}/{os.environ['AZURE_TENANT_ID']}/oauth2/v2.0/token"
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode()) as answer:
            token = json.load(answer)
        return AccessToken(token["access_token"], int(time.time()) + token["expires_in"])


class PlainPolicy(BearerTokenCredentialPolicy):
    """The usual policy, which minds HTTP no more."""

    def on_request(self, request):
        if self._token is None or self._need_new_token:
            self._token = self._credential.get_token(*self._scopes)
        self._update_headers(request.http_request.headers, self._token.token)


def client(kind):
    policy = PlainPolicy(Secret(), AUDIENCE)
    return kind(
        Secret(), SUBSCRIPTION, base_url=ENDPOINT, authentication_policy=policy, credential_scopes=[AUDIENCE], polling_interval=0
    )


def refused(kind, code, work):
    try:
        work()
    except kind as error:
        assert error.error.code == code, error
        return
    raise AssertionError(f"{code} was expected")


def main():
    compute, network, resources = map(client, (ComputeManagementClient, NetworkManagementClient, ResourceManagementClient))
    resources.resource_groups.create_or_update(GROUP, {"location": REGION, "tags": {"who": "judge"}})
    sizes = {sku.name for sku in compute.resource_skus.list(filter=f"location eq '{REGION}'")}
    assert "Standard_B2s" in sizes
    image = compute.virtual_machine_images.list(REGION, "Canonical", "ubuntu-24_04-lts", "server")
    assert image[-1].name.startswith("24.04.")

    firewall = network.network_security_groups.begin_create_or_update(GROUP, "filter", {
        "location": REGION,
        "properties": {"securityRules": [{"name": "ssh", "properties": {
            "protocol": "Tcp", "sourcePortRange": "*", "destinationPortRange": "22", "sourceAddressPrefix": "203.0.113.7/32",
            "destinationAddressPrefix": "*", "access": "Allow", "priority": 100, "direction": "Inbound"}}]},
    }).result()
    vnet = network.virtual_networks.begin_create_or_update(GROUP, "net", {
        "location": REGION,
        "properties": {"addressSpace": {"addressPrefixes": ["10.7.0.0/16"]},
                       "subnets": [{"name": "nodes", "properties": {"addressPrefix": "10.7.0.0/20"}}]},
    }).result()
    assert firewall.security_rules[0].provisioning_state == "Succeeded"
    machines = [machine(compute, network, number, firewall.id, vnet.subnets[0].id) for number in range(3)]
    assert len({one.vm_id for one in machines}) == 3

    listed = list(compute.virtual_machines.list(GROUP))
    assert len(listed) == 3 and len(list(network.network_interfaces.list(GROUP))) == 3
    assert len(list(resources.resources.list_by_resource_group(GROUP))) == 2 + 4 * 3
    power = [status.code for status in compute.virtual_machines.instance_view(GROUP, "vm-0").statuses]
    assert "PowerState/running" in power, power
    compute.virtual_machines.begin_deallocate(GROUP, "vm-0").result()
    power = [status.code for status in compute.virtual_machines.instance_view(GROUP, "vm-0").statuses]
    assert "PowerState/deallocated" in power, power
    compute.virtual_machines.begin_start(GROUP, "vm-0").result()

    refused(HttpResponseError, "InUseSubnetCannotBeDeleted", lambda: network.virtual_networks.begin_delete(GROUP, "net").result())
    refused(ResourceNotFoundError, "ResourceNotFound", lambda: compute.virtual_machines.get(GROUP, "nobody"))
    refused(ResourceNotFoundError, "ResourceGroupNotFound", lambda: list(compute.virtual_machines.list("nowhere")))

    for number in range(3):
        compute.virtual_machines.begin_delete(GROUP, f"vm-{number}").result()
    assert not list(network.network_interfaces.list(GROUP)) and not list(compute.disks.list_by_resource_group(GROUP))
    network.virtual_networks.begin_delete(GROUP, "net").result()
    resources.resource_groups.begin_delete(GROUP).result()
    assert not list(resources.resource_groups.list())
    print("3 machines made, listed, stopped, started and deleted; the group is gone")


def machine(compute, network, number, firewall, subnet):
    address = network.public_ip_addresses.begin_create_or_update(GROUP, f"ip-{number}", {
        "location": REGION, "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static", "deleteOption": "Delete"},
    }).result()
    assert address.ip_address
    interface = network.network_interfaces.begin_create_or_update(GROUP, f"nic-{number}", {
        "location": REGION,
        "properties": {"networkSecurityGroup": {"id": firewall}, "ipConfigurations": [{"name": "first", "properties": {
            "subnet": {"id": subnet}, "publicIPAddress": {"id": address.id, "properties": {"deleteOption": "Delete"}}}}]},
    }).result()
    return compute.virtual_machines.begin_create_or_update(GROUP, f"vm-{number}", {
        "location": REGION, "zones": ["1"],
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B2s"},
            "storageProfile": {
                "imageReference": {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"},
                "osDisk": {"createOption": "FromImage", "deleteOption": "Delete", "managedDisk": {"storageAccountType": "Premium_LRS"}}},
            "osProfile": {"computerName": f"vm-{number}", "adminUsername": "azureuser",
                          "customData": base64.b64encode(b"#cloud-config\n").decode(),
                          "linuxConfiguration": {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [
                              {"path": "/home/azureuser/.ssh/authorized_keys", "keyData": KEY}]}}},
            "networkProfile": {"networkInterfaces": [{"id": interface.id, "properties": {"primary": True, "deleteOption": "Delete"}}]},
        },
    }).result()


if __name__ == "__main__":
    main()
