#!/usr/bin/env python3
"""boto3 as a judge of cloudsim: creates, lists and deletes what a cluster needs, and says what it saw.

The endpoint and the credentials come from the usual environment. Every answer passes botocore's own parser; the script
fails on the first thing that is not as AWS has it. Its last line is a JSON object of counts.
"""
import base64
import json
import os
import time

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError

TAGS = [{"Key": "judge", "Value": "boto3"}]
FAST = {"Delay": 1, "MaxAttempts": 60}
KEY = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)).decode() + " judge"
retries = Config(retries={"max_attempts": 1})
ec2 = boto3.client("ec2", config=retries)
elb = boto3.client("elbv2", config=retries)


def tagged(kind):
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": TAGS}]}


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        got = error.response["Error"]["Code"]
        assert got == code, f"{call.__name__}: {got} instead of {code}: {error}"
        return error
    raise AssertionError(f"{call.__name__} went through, instead of {code}")


def until(what, test):
    for _ in range(600):
        if test():
            return
        time.sleep(0.02)
    raise AssertionError(f"never: {what}")


def network():
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16", **tagged("vpc"))["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    assert ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
    subnets = []
    for number, zone in enumerate(ec2.describe_availability_zones()["AvailabilityZones"]):
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.7.{number}.0/24", AvailabilityZone=zone["ZoneName"], **tagged("subnet"))
        subnets.append(made["Subnet"]["SubnetId"])
    gateway = ec2.create_internet_gateway(**tagged("internet-gateway"))["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc, **tagged("route-table"))["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    for subnet in subnets:
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    return vpc, subnets, gateway, table


def group(vpc):
    made = ec2.create_security_group(GroupName="judge", Description="judge", VpcId=vpc, **tagged("security-group"))["GroupId"]
    permissions = [
        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": made}]},
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "192.0.2.0/24", "Description": "operator"}]},
    ]
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=permissions)
    refused("InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, GroupId=made, IpPermissions=permissions[1:])
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [made]}])["SecurityGroupRules"]
    assert len(rules) == 3, rules
    return made


def image():
    name = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
    found = boto3.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    shown = ec2.describe_images(ImageIds=[found])["Images"][0]
    assert shown["OwnerId"] == "099720109477" and shown["RootDeviceName"] == "/dev/sda1"
    return found


def machines(ami, subnets, group):
    ids = []
    for number, subnet in enumerate(subnets):
        wanted = dict(
            ImageId=ami, InstanceType="t3.medium", MinCount=1, MaxCount=1, KeyName="judge", ClientToken=f"judge-{number}",
            UserData="#cloud-config\n",
            BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": True}}],
            NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group], "AssociatePublicIpAddress": True}],
            MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
            TagSpecifications=[{"ResourceType": kind, "Tags": TAGS} for kind in ("instance", "volume", "network-interface")],
        )
        refused("DryRunOperation", ec2.run_instances, DryRun=True, **wanted)
        first = ec2.run_instances(**wanted)["Instances"][0]
        assert first["State"]["Name"] == "pending" and "PublicIpAddress" not in first
        again = ec2.run_instances(**wanted)["Instances"][0]
        assert again["InstanceId"] == first["InstanceId"]
        refused("IdempotentParameterMismatch", ec2.run_instances, **{**wanted, "InstanceType": "t3.large"})
        ids.append(first["InstanceId"])
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig=FAST)
    shown = [machine for page in ec2.get_paginator("describe_instances").paginate(Filters=[{"Name": "tag:judge", "Values": ["boto3"]}])
             for reservation in page["Reservations"] for machine in reservation["Instances"]]
    assert sorted(machine["InstanceId"] for machine in shown) == sorted(ids)
    assert all(machine["PublicIpAddress"] and machine["Tags"] == TAGS for machine in shown)
    ec2.modify_instance_attribute(InstanceId=ids[0], SourceDestCheck={"Value": False})
    assert not ec2.describe_instances(InstanceIds=ids[:1])["Reservations"][0]["Instances"][0]["SourceDestCheck"]
    until("a console", lambda: "SSH HOST KEY" in ec2.get_console_output(InstanceId=ids[0], Latest=True).get("Output", ""))
    return ids


def balancer(vpc, subnets, ids):
    made = elb.create_load_balancer(Name="judge", Type="network", Scheme="internet-facing", Subnets=subnets, Tags=TAGS)["LoadBalancers"][0]
    targets = elb.create_target_group(Name="judge", Protocol="TCP", Port=6443, VpcId=vpc, TargetType="instance",
                                      HealthCheckProtocol="TCP", HealthCheckIntervalSeconds=10, HealthyThresholdCount=2, Tags=TAGS)
    arn = targets["TargetGroups"][0]["TargetGroupArn"]
    attributes = [{"Key": "preserve_client_ip.enabled", "Value": "false"}]
    elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=attributes)
    forward = dict(LoadBalancerArn=made["LoadBalancerArn"], Protocol="TCP", Port=6443,
                   DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}])
    elb.create_listener(**forward)
    refused("DuplicateListener", elb.create_listener, **forward)
    refused("ResourceInUse", elb.delete_target_group, TargetGroupArn=arn)
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": machine} for machine in ids])
    states = {target["TargetHealth"]["State"] for target in elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]}
    assert states == {"initial"}, states
    elb.get_waiter("load_balancer_available").wait(LoadBalancerArns=[made["LoadBalancerArn"]], WaiterConfig=FAST)
    elb.get_waiter("target_in_service").wait(TargetGroupArn=arn, WaiterConfig=FAST)
    return made["LoadBalancerArn"], arn


def down(vpc, subnets, gateway, table, sg, ids, lb, targets):
    of_lb = [{"Name": "description", "Values": ["ELB net/judge/*"]}]
    elb.delete_load_balancer(LoadBalancerArn=lb)
    assert ec2.describe_network_interfaces(Filters=of_lb)["NetworkInterfaces"], "no interface lingers"
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnets[0])
    elb.delete_target_group(TargetGroupArn=targets)
    refused("DependencyViolation", ec2.delete_security_group, GroupId=sg)
    refused("DependencyViolation", ec2.delete_internet_gateway, InternetGatewayId=gateway)
    ec2.terminate_instances(InstanceIds=ids)
    ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig=FAST)
    refused("IncorrectInstanceState", ec2.start_instances, InstanceIds=ids)
    until("no interface of the load balancer", lambda: not ec2.describe_network_interfaces(Filters=of_lb)["NetworkInterfaces"])
    ec2.delete_security_group(GroupId=sg)
    for subnet in subnets:
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_route_table(RouteTableId=table)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_vpc(VpcId=vpc)
    ec2.delete_key_pair(KeyName="judge")
    ec2.delete_key_pair(KeyName="judge")


def main():
    account = boto3.client("sts").get_caller_identity()["Account"]
    quota = boto3.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-1216C47A")["Quota"]["Value"]
    refused("InvalidInstanceType", ec2.describe_instance_types, InstanceTypes=["t9.huge"])
    types = [kind for page in ec2.get_paginator("describe_instance_types").paginate(PaginationConfig={"PageSize": 10}) for kind in page["InstanceTypes"]]
    vpc, subnets, gateway, table = network()
    sg = group(vpc)
    ec2.import_key_pair(KeyName="judge", PublicKeyMaterial=KEY.encode(), **tagged("key-pair"))
    refused("InvalidKeyPair.Duplicate", ec2.import_key_pair, KeyName="judge", PublicKeyMaterial=KEY.encode())
    assert ec2.describe_key_pairs(KeyNames=["judge"], IncludePublicKey=True)["KeyPairs"][0]["PublicKey"] == KEY
    ids = machines(image(), subnets, sg)
    address = ec2.allocate_address(Domain="vpc", **tagged("elastic-ip"))
    association = ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=ids[0])["AssociationId"]
    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=address["AllocationId"])
    refused("DependencyViolation", ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=vpc)
    ec2.disassociate_address(AssociationId=association)
    ec2.release_address(AllocationId=address["AllocationId"])
    lb, targets = balancer(vpc, subnets, ids)
    tags = [tag for page in ec2.get_paginator("describe_tags").paginate(Filters=[{"Name": "tag:judge", "Values": ["boto3"]}]) for tag in page["Tags"]]
    down(vpc, subnets, gateway, table, sg, ids, lb, targets)
    print(json.dumps({"botocore": botocore.__version__, "account": account, "quota": quota, "types": len(types),
                      "machines": len(ids), "tags": len(tags), "endpoint": bool(os.environ.get("AWS_ENDPOINT_URL"))}))


main()
