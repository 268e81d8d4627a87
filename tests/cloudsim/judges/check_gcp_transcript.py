#!/usr/bin/env python3
"""Checks a transcript of cloudsim's Google Cloud face against the API's own discovery document, both ways.

usage: check_gcp_transcript.py DISCOVERY.json FILE.jsonl [--refused-too]

Requests: the method is in the document, every parameter is the method's, every field is in the schema and may be written,
and what the method requires is there; requests that were refused as invalid are judged only with --refused-too. Answers:
every field is in the schema. Exit 1 on any finding; the last line counts what was judged.
"""
import collections
import functools
import json
import re
import sys
import urllib.parse

import jsonschema


def methods(resources):
    for resource in resources.values():
        yield from resource.get("methods", {}).values()
        yield from methods(resource.get("resources", {}))


def converted(node, method):
    """A schema of the document as JSON Schema of draft 7; of a request, when a method is given."""
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"$ref": "#/definitions/" + node["$ref"]}
    out, required = {}, []
    for key, value in node.items():
        if key == "pattern":
            out[key] = f"^(?:{value})$"
        elif key == "properties":
            out[key] = {}
            for name, field in value.items():
                if method and method in field.get("annotations", {}).get("required", []):
                    required.append(name)
                shown_only = "[Output Only]" in field.get("description", "") or field.get("readOnly")
                out[key][name] = False if method and shown_only else converted(field, method)
        elif key in ("items", "additionalProperties"):
            out[key] = converted(value, method)
        elif key in ("enum", "minimum", "maximum") or key == "type" and value != "any":
            out[key] = value
    if "properties" in out:
        out.setdefault("additionalProperties", False)
    if required:
        out["required"] = required
    return out


class Judge:
    def __init__(self, document):
        self.document = document
        self.methods = [(m, self.pattern(m["flatPath"])) for m in methods(document["resources"])]

    @staticmethod
    def pattern(path):
        return re.compile("/compute/v1/" + re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)) + "$")

    @functools.cache
    def validator(self, name, method):
        definitions = {key: converted(schema, method) for key, schema in self.document["schemas"].items()}
        schema = {"$ref": f"#/definitions/{name}", "definitions": definitions}
        return jsonschema.Draft7Validator(schema)

    def fits(self, name, method, body):
        for error in self.validator(name, method).iter_errors(body):
            yield f"/{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"

    def find(self, verb, path):
        for method, pattern in self.methods:
            match = pattern.match(path) if method["httpMethod"] == verb else None
            if match:
                return method, match.groupdict()
        return None, {}

    def request(self, asked):
        """The method, and what is wrong with a request."""
        path, _, query = asked["target"].partition("?")
        method, given = self.find(asked["method"], urllib.parse.unquote(path))
        if method is None:
            return None, ["no such method"]
        wrong, known = [], {**self.document["parameters"], **method.get("parameters", {})}
        given |= dict(urllib.parse.parse_qsl(query))
        for name, value in given.items():
            if name not in known:
                wrong.append(f"parameter {name} is not in the document")
            elif not re.fullmatch(known[name].get("pattern", ".*"), value):
                wrong.append(f"parameter {name}={value} does not fit")
            elif "maximum" in known[name] and int(value) > int(known[name]["maximum"]):
                wrong.append(f"parameter {name}={value} is too large")
        wrong += [f"parameter {name} is missing" for name, of in known.items() if of.get("required") and name not in given]
        body = json.loads(asked["body"]) if asked["body"] else None
        if "request" in method and body is not None:
            wrong += self.fits(method["request"]["$ref"], method["id"], body)
        elif ("request" in method) != (body is not None):
            wrong.append("a body where none is, or none where one is")
        return method, wrong


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        judge = Judge(json.load(file))
    with open(sys.argv[2], encoding="utf-8") as file:
        exchanges = [json.loads(line) for line in file]
    findings, judged = [], collections.Counter()
    for exchange in exchanges:
        if exchange["cloud"] != "gcp" or not exchange["request"]["target"].startswith("/compute/"):
            continue
        status = exchange.get("response", {}).get("status", 0)
        if 400 <= status < 500 and exchange["operation"] == "unknown" and "--refused-too" not in sys.argv:
            continue
        method, wrong = judge.request(exchange["request"])
        if status != 400 or "--refused-too" in sys.argv:
            judged["requests"] += 1
            findings += [f"{exchange['operation']} request {finding}" for finding in wrong]
            if method and method["id"] != "compute." + exchange["operation"]:
                findings.append(f"{exchange['operation']} is {method['id']}")
        if method and status == 200:
            judged["answers"] += 1
            body = json.loads(exchange["response"]["body"])
            answered = judge.fits(method["response"]["$ref"], None, body)
            findings += [f"{exchange['operation']} answer {finding}" for finding in answered]
        if method:
            judged[method["id"]] += 1
    for finding, count in collections.Counter(findings).most_common():
        print(f"{count} x {finding}")
    kinds = sum(1 for name in judged if name.startswith("compute."))
    print(f"{judged['requests']} requests and {judged['answers']} answers of {kinds} methods judged, {len(findings)} findings")
    sys.exit(1 if findings or not judged["requests"] else 0)


main()
