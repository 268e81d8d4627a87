#!/usr/bin/env python3
"""Writes src/aws/model.json: what botocore's official models say of the inputs of the operations that cloudsim serves.

usage: make_model.py > ../src/aws/model.json

Shapes: {"t": type}; structures have "m": {wire name: {"s": shape, "r": required}}; lists have "of"; strings "e" (enum, up
to 60 values; longer ones are catalogues), "min" and "max" lengths; numbers "min" and "max" values.
"""
import json
import sys

import botocore
import botocore.session

SERVED = {
    "ec2": """AllocateAddress AssociateAddress AssociateRouteTable AttachInternetGateway AuthorizeSecurityGroupEgress
        AuthorizeSecurityGroupIngress CreateInternetGateway CreateRoute CreateRouteTable CreateSecurityGroup CreateSubnet
        CreateTags CreateVpc DeleteInternetGateway DeleteKeyPair DeleteNetworkInterface DeleteRoute DeleteRouteTable
        DeleteSecurityGroup DeleteSubnet DeleteTags DeleteVolume DeleteVpc DescribeAccountAttributes DescribeAddresses
        DescribeAddressesAttribute DescribeAvailabilityZones DescribeImages DescribeInstanceAttribute
        DescribeInstanceCreditSpecifications DescribeInstanceStatus DescribeInstanceTypeOfferings DescribeInstanceTypes
        DescribeInstances DescribeInternetGateways DescribeKeyPairs DescribeNetworkAcls DescribeNetworkInterfaces
        DescribeRegions DescribeRouteTables DescribeSecurityGroupRules DescribeSecurityGroups DescribeSpotPriceHistory
        DescribeSubnets DescribeTags DescribeVolumes DescribeVpcAttribute DescribeVpcs DetachInternetGateway
        DisassociateAddress DisassociateRouteTable GetConsoleOutput ImportKeyPair ModifyInstanceAttribute
        ModifyNetworkInterfaceAttribute ModifySubnetAttribute ModifyVpcAttribute RebootInstances ReleaseAddress ReplaceRoute
        RevokeSecurityGroupEgress RevokeSecurityGroupIngress RunInstances StartInstances StopInstances
        TerminateInstances""",
    "elbv2": """AddTags CreateListener CreateLoadBalancer CreateTargetGroup DeleteListener DeleteLoadBalancer
        DeleteTargetGroup DeregisterTargets DescribeListenerAttributes DescribeListeners DescribeLoadBalancerAttributes
        DescribeLoadBalancers DescribeTags DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth
        ModifyLoadBalancerAttributes ModifyTargetGroupAttributes RegisterTargets RemoveTags""",
    "sts": "GetCallerIdentity",
    "ssm": "GetParameter",
    "service-quotas": "GetServiceQuota",
}
LONGEST_ENUM = 60


def wire_name(protocol, name, shape):
    serialization = shape.serialization
    if protocol == "ec2":
        if "queryName" in serialization:
            return serialization["queryName"]
        name = serialization.get("name", name)
        return name[0].upper() + name[1:]
    return serialization.get("name", name)


def describe(protocol, shape, shapes):
    if shape.name in shapes:
        return
    kind = shape.type_name
    entry = shapes[shape.name] = {"t": kind}
    if kind == "structure":
        required = set(shape.required_members)
        entry["m"] = {}
        for name, member in shape.members.items():
            describe(protocol, member, shapes)
            said = {"s": member.name}
            if name in required:
                said["r"] = True
            entry["m"][wire_name(protocol, name, member)] = said
    elif kind == "list":
        describe(protocol, shape.member, shapes)
        entry["of"] = shape.member.name
    elif kind == "string" and 0 < len(shape.enum) <= LONGEST_ENUM:
        entry["e"] = list(shape.enum)
    for bound in ("min", "max"):
        if bound in shape.metadata:
            entry[bound] = shape.metadata[bound]


def service(session, name, operations):
    model = session.get_service_model(name)
    protocol, shapes, inputs = model.metadata["protocol"], {}, {}
    for operation in sorted(operations.split()):
        shape = model.operation_model(operation).input_shape
        if shape is not None:
            describe(protocol, shape, shapes)
        inputs[operation] = shape.name if shape is not None else None
    return {
        "protocol": protocol,
        "version": model.api_version,
        "signing": model.signing_name,
        "target": model.metadata.get("targetPrefix"),
        "operations": inputs,
        "shapes": shapes,
    }


def main():
    session = botocore.session.get_session()
    services = {name: service(session, name, operations) for name, operations in SERVED.items()}
    out = {"source": f"botocore {botocore.__version__}", "services": services}
    text = json.dumps(out, sort_keys=True, separators=(",", ":"))
    sys.stdout.write(text.replace('"},"', '"},\n"') + "\n")


main()
