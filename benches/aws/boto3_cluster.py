#!/usr/bin/env python3
"""The infrastructure of a cluster, as ladybug's AWS driver makes it, by hand: threads over boto3.

`boto3_cluster.py MACHINES` creates and destroys it, and prints seconds and peak memory in MB. The endpoint and the
credentials come from the usual environment.
"""
import ipaddress
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

ec2 = boto3.client("ec2", config=Config(max_pool_connections=64))
pool = ThreadPoolExecutor(64)
TAGS = [{"Key": "bench", "Value": "boto3"}]
KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKXdDFif6CQJ/K5qSuFAvAAX1pstDbAb0PPRy1x8n4iz"


def tagged(*kinds):
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": TAGS} for kind in kinds]}


def image():
    names = [{"Name": "name", "Values": ["ubuntu/images/hvm-ssd*/ubuntu-*-amd64-server-*"]}]
    found = ec2.describe_images(Owners=["099720109477"], Filters=names)["Images"]
    return max(found, key=lambda image: image["CreationDate"])


def gateway(vpc):
    made = ec2.create_internet_gateway(**tagged("internet-gateway"))["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_route(RouteTableId=tables[0]["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=made)
    return made


def group(vpc):
    made = ec2.create_security_group(GroupName="bench", Description="bench", VpcId=vpc, **tagged("security-group"))["GroupId"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "203.0.113.7/32"}]}
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[ssh])
    return made


def subnets(vpc, zones):
    ranges = ipaddress.ip_network("10.9.0.0/16").subnets(prefixlen_diff=4)

    def make(zone, cidr):
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=str(cidr), AvailabilityZone=zone["ZoneName"], **tagged("subnet"))
        return made["Subnet"]["SubnetId"]

    return list(pool.map(make, zones, ranges))


def machine(number, ami, subnet, sg):
    made = ec2.run_instances(
        ImageId=ami["ImageId"], InstanceType="t3.medium", MinCount=1, MaxCount=1, KeyName="bench", ClientToken=f"bench-{number}",
        BlockDeviceMappings=[{"DeviceName": ami["RootDeviceName"], "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": True}}],
        NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [sg], "AssociatePublicIpAddress": True}],
        MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        **tagged("instance", "volume", "network-interface"),
    )["Instances"][0]["InstanceId"]
    ec2.modify_instance_attribute(InstanceId=made, SourceDestCheck={"Value": False})
    return made


def wait(ids, state):
    """Looks at all of them at once."""
    while True:
        shown = ec2.describe_instances(InstanceIds=ids)["Reservations"]
        if all(machine["State"]["Name"] == state for one in shown for machine in one["Instances"]):
            return
        time.sleep(0.1)


def create(count):
    zones, ami = pool.submit(ec2.describe_availability_zones), pool.submit(image)
    key = pool.submit(ec2.import_key_pair, KeyName="bench", PublicKeyMaterial=KEY, **tagged("key-pair"))
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16", **tagged("vpc"))["Vpc"]["VpcId"]
    way, sg = pool.submit(gateway, vpc), pool.submit(group, vpc)
    nets = subnets(vpc, zones.result()["AvailabilityZones"])
    key.result()
    run = [pool.submit(machine, number, ami.result(), nets[0], sg.result()) for number in range(count)]
    ids = [one.result() for one in run]
    wait(ids, "running")
    return vpc, nets, way.result(), sg.result(), ids


def destroy(vpc, nets, way, sg, ids):
    list(pool.map(lambda one: ec2.terminate_instances(InstanceIds=[one]), ids))
    wait(ids, "terminated")
    last = [pool.submit(ec2.delete_security_group, GroupId=sg), pool.submit(ec2.delete_key_pair, KeyName="bench")]
    last += [pool.submit(ec2.delete_subnet, SubnetId=net) for net in nets]
    ec2.detach_internet_gateway(InternetGatewayId=way, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=way)
    for one in last:
        one.result()
    ec2.delete_vpc(VpcId=vpc)


begun = time.monotonic()
destroy(*create(int(sys.argv[1])))
print(time.monotonic() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
