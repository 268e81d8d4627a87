#!/usr/bin/env python3
"""Checks a transcript of cloudsim's AWS face against botocore's official models, both ways.

usage: check_transcript.py FILE.jsonl

Requests: every parameter is in the model, has the right type and an allowed value, and what is required is there;
requests that cloudsim refused are not judged. Answers: every element is in the model's output. Exit 1 on any finding;
the last line counts what was judged.
"""
import json
import re
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

import botocore.session

SESSION = botocore.session.get_session()
FORM = {"ec2", "elbv2", "sts"}
# EC2 sends these with answers whose models do not name them.
EVERYWHERE = {"requestId", "return"}
# Values that recordings of EC2 have and the models' enums have not.
RECORDED = {"DescribeInternetGateways.internetGatewaySet[].attachmentSet[].state": "available"}


def tree(pairs):
    root = {}
    for key, value in pairs:
        node, parts = root, key.split(".")
        for part in parts[:-1]:
            node = node.setdefault(part, {})
        node[parts[-1]] = value
    return root


def asked_as(protocol, name, shape):
    said = shape.serialization
    if protocol == "ec2":
        name = said.get("queryName") or said.get("name", name)
        return name if "queryName" in said else name[0].upper() + name[1:]
    return said.get("name", name)


def asked(protocol, shape, node, path, out):
    kind = shape.type_name
    if kind == "structure":
        known = {asked_as(protocol, name, member): (name, member) for name, member in shape.members.items()}
        if not isinstance(node, dict):
            return out.append(f"{path}: no structure")
        for key, value in node.items():
            if key in known:
                asked(protocol, known[key][1], value, f"{path}.{key}", out)
            else:
                out.append(f"{path}.{key}: not in the model")
        have = {known[key][0] for key in node if key in known}
        out.extend(f"{path}: {name} is missing" for name in shape.required_members if name not in have)
    elif kind == "list":
        if protocol == "query" and isinstance(node, dict):
            node = node.get("member", node)
        if node == "":
            return
        if not isinstance(node, dict) or sorted(node) != sorted(str(at + 1) for at in range(len(node))):
            return out.append(f"{path}: members are not numbered from 1")
        for number, value in node.items():
            asked(protocol, shape.member, value, f"{path}.{number}", out)
    elif not isinstance(node, str):
        out.append(f"{path}: no {kind}")
    elif kind in ("integer", "long") and not re.fullmatch(r"-?\d+", node):
        out.append(f"{path}: {node!r} is no integer")
    elif kind == "boolean" and node not in ("true", "false"):
        out.append(f"{path}: {node!r} is no boolean")
    elif kind == "blob" and not re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", node):
        out.append(f"{path}: no base64")
    elif kind == "string" and shape.enum and node not in shape.enum:
        out.append(f"{path}: {node!r} is not in the enum")


def answered(protocol, shape, element, path, out):
    kind, children = shape.type_name, list(element)
    if kind == "structure":
        known = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for child in children:
            name = child.tag.split("}")[-1]
            if name in known:
                answered(protocol, known[name], child, f"{path}.{name}", out)
            elif "." in path or name not in EVERYWHERE:
                out.append(f"{path}.{name}: not in the model")
    elif kind == "list":
        want = shape.member.serialization.get("name", "member")
        for child in children:
            name = child.tag.split("}")[-1]
            if name != want:
                out.append(f"{path}.{name}: a list member should be {want}")
            answered(protocol, shape.member, child, f"{path}[]", out)
    elif children:
        out.append(f"{path}: a {kind} has elements in it")
    elif kind in ("integer", "long") and not re.fullmatch(r"-?\d+", element.text or ""):
        out.append(f"{path}: {element.text!r} is no integer")
    elif kind == "boolean" and element.text not in ("true", "false"):
        out.append(f"{path}: {element.text!r} is no boolean")
    elif kind == "string" and shape.enum and element.text and element.text not in (*shape.enum, RECORDED.get(path)):
        out.append(f"{path}: {element.text!r} is not in the enum")


def judge(exchange, out):
    model = SESSION.get_service_model(exchange["service"])
    operation = model.operation_model(exchange["operation"])
    request = tree(urllib.parse.parse_qsl(exchange["request"]["body"], keep_blank_values=True))
    request.pop("Action"), request.pop("Version")
    if operation.input_shape is not None:
        asked(model.metadata["protocol"], operation.input_shape, request, exchange["operation"], out)
    root = ElementTree.fromstring(exchange["response"]["body"])
    if model.metadata["protocol"] == "query":
        root = next(child for child in root if child.tag.endswith("Result"))
    if operation.output_shape is not None:
        answered(model.metadata["protocol"], operation.output_shape, root, exchange["operation"], out)


def main():
    judged = bad = 0
    for line in open(sys.argv[1]):
        exchange, out = json.loads(line), []
        answer = exchange.get("response")
        if exchange["cloud"] != "aws" or exchange["service"] not in FORM or not answer or answer["status"] != 200:
            continue
        judged += 1
        judge(exchange, out)
        if out:
            bad += 1
            print(exchange["number"], *sorted(set(out)), sep="\n  ")
    print(f"{judged} exchanges judged, {bad} with findings")
    sys.exit(1 if bad or not judged else 0)


main()
