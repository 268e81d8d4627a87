#!/usr/bin/env python3
"""Checks the exchanges of cloudsim's Azure face against the official Swagger documents: every request and every answer.

usage: check_azure_transcript.py TRANSCRIPT SPECS [OAV_FOLDER]

Refuses what the documents do not know: operations, parameters of the query, fields, values of closed enumerations, fields that
are read-only in requests, and what is required and missing. With OAV_FOLDER, it also writes one file for each exchange as
`oav validate-traffic` takes it. Needs nothing but Python.
"""

import glob
import json
import os
import re
import sys
from urllib.parse import parse_qsl, urlsplit

OURS = {"Token", "Identity", "Operation", "OperationResult"}
METHODS = ("get", "put", "post", "patch", "delete", "head")


class Documents:
    """The documents of a folder, and their operations by method and path."""

    def __init__(self, root):
        self.files, self.operations = {}, []
        for path in sorted(glob.glob(root + "/**/*.json", recursive=True)):
            if "/examples/" not in path:
                with open(path) as file:
                    self.files[os.path.normpath(path)] = json.load(file)
        for name, document in self.files.items():
            for template, verbs in document.get("paths", {}).items():
                pattern = re.compile("^" + re.sub(r"\{[^}]+\}", "[^/]+", template.split("?")[0]) + "$", re.I)
                for verb in METHODS:
                    if verb in verbs:
                        self.operations.append((verb, pattern, name, verbs[verb], document["info"]["version"]))

    def find(self, method, path):
        fits = [one for one in self.operations if one[0] == method.lower() and one[1].match(path)]
        # Of `/locations/{l}/usages` and `/{a}/{b}/{c}` the one with fewer holes is meant.
        return min(fits, key=lambda one: one[1].pattern.count("[^/]+"), default=None)

    def resolve(self, node, file):
        while "$ref" in node:
            where, inside = node["$ref"].split("#")
            file = os.path.normpath(os.path.join(os.path.dirname(file), where)) if where else file
            node = self.files[file]
            for part in inside.strip("/").split("/"):
                node = node[part]
        return node, file

    def fields(self, node, file):
        """Every property with its file, what is required, and whether others are allowed."""
        node, file = self.resolve(node, file)
        known, required, open_ = {}, set(node.get("required", [])), node.get("additionalProperties")
        for name, field in node.get("properties", {}).items():
            known[name] = (field, file)
        for base in node.get("allOf", []):
            more, needed, also = self.fields(base, file)
            known, required, open_ = {**more, **known}, required | needed, open_ or also
        return known, required, open_


def check(documents, node, file, value, request, path, problems):
    read_only = node.get("readOnly", False)
    node, file = documents.resolve(node, file)
    if request and (read_only or node.get("readOnly")):
        problems.append(f"{path} is read-only")
        return
    kind = node.get("type") or ("object" if "properties" in node or "allOf" in node else None)
    types = {"object": dict, "array": list, "string": str, "boolean": bool}
    if kind in types and not isinstance(value, types[kind]):
        problems.append(f"{path} must be of type {kind}, but is {json.dumps(value)[:60]}")
    elif kind in ("integer", "number") and (isinstance(value, bool) or not isinstance(value, (int, float))):
        problems.append(f"{path} must be a number, but is {json.dumps(value)[:60]}")
    elif isinstance(value, dict):
        check_object(documents, node, file, value, request, path, problems)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            check(documents, node.get("items", {}), file, one, request, f"{path}[{index}]", problems)
    elif isinstance(value, str) and "enum" in node and value.lower() not in [one.lower() for one in node["enum"]]:
        # Open enumerations are held to what they list, too: this face has nothing newer.
        problems.append(f"{path} must be one of {node['enum']}, but is {value}")


def check_object(documents, node, file, value, request, path, problems):
    known, required, open_ = documents.fields(node, file)
    for name, one in value.items():
        if name in known:
            field, where = known[name]
            check(documents, field, where, one, request, f"{path}.{name}", problems)
        elif isinstance(open_, dict):
            check(documents, open_, file, one, request, f"{path}.{name}", problems)
        elif not open_ and (known or path == "body"):
            problems.append(f"{path}.{name} is unknown")
    problems.extend(f"{path}.{name} is missing" for name in sorted(required - set(value)) if not known[name][0].get("readOnly"))


def parameters(documents, operation, file):
    for parameter in operation.get("parameters", []):
        yield documents.resolve(parameter, file)


def exchange_problems(documents, exchange):
    request, response = exchange["request"], exchange.get("response") or {}
    split = urlsplit(request["target"])
    found = documents.find(request["method"], split.path)
    if not found:
        return [f"{request['method']} {split.path} is no operation"]
    _, _, file, operation, version = found
    problems, body = [], json.loads(request["body"]) if request["body"] else None
    if operation["operationId"] != exchange["operation"]:
        problems.append(f"is called {exchange['operation']}, but is {operation['operationId']}")
    query, given = {"$skiptoken"}, dict(parse_qsl(split.query))
    for parameter, where in parameters(documents, operation, file):
        if parameter["in"] == "query":
            query.add(parameter["name"])
        if parameter["in"] == "body" and body is not None:
            check(documents, parameter["schema"], where, body, True, "body", problems)
        elif parameter["in"] == "body" and parameter.get("required") and body is None:
            problems.append("the body is missing")
    problems.extend(f"the query has an unknown {name}" for name in sorted(set(given) - query))
    if given.get("api-version") != version:
        problems.append(f"api-version must be {version}, but is {given.get('api-version')}")
    return problems + answer_problems(documents, operation, file, response)


def answer_problems(documents, operation, file, response):
    status = response.get("status")
    if status is None:
        return []
    known = operation["responses"].get(str(status))
    if known is None:
        return [] if status >= 400 and "default" in operation["responses"] or status in (404, 429) else [f"status {status} is unknown"]
    known, file = documents.resolve(known, file)
    problems = []
    if "schema" in known and response["body"]:
        check(documents, known["schema"], file, json.loads(response["body"]), False, "answer", problems)
    return problems


def traffic(exchange):
    request, response = exchange["request"], exchange["response"]
    parsed = lambda text: json.loads(text) if text else None
    return {
        "liveRequest": {
            "headers": request["headers"],
            "method": request["method"],
            "url": "https://management.azure.com" + request["target"],
            "body": parsed(request["body"]),
        },
        "liveResponse": {
            "statusCode": str(response["status"]),
            "headers": response["headers"],
            "body": parsed(response["body"]),
        },
    }


def main():
    transcript, specs = sys.argv[1:3]
    folder = sys.argv[3] if len(sys.argv) > 3 else None
    documents = Documents(specs + "/azure/specification")
    with open(transcript) as file:
        exchanges = [json.loads(line) for line in file if line.strip()]
    exchanges = [one for one in exchanges if one["cloud"] == "azure" and one["operation"] not in OURS]
    problems, operations = {}, set()
    for number, exchange in enumerate(exchanges):
        for problem in exchange_problems(documents, exchange):
            problems.setdefault(f"{exchange['operation']}: {problem}", 0)
            problems[f"{exchange['operation']}: {problem}"] += 1
        operations.add(exchange["operation"])
        answered = exchange.get("response") and exchange["response"].get("status", 500) < 400
        if folder and answered:
            with open(f"{folder}/{number:05}.json", "w") as file:
                json.dump(traffic(exchange), file)
    for problem, count in sorted(problems.items()):
        print(f"{count} x {problem}")
    print(f"{len(exchanges)} exchanges of {len(operations)} operations, {len(problems)} kinds of problems")
    sys.exit(1 if problems or not exchanges else 0)


if __name__ == "__main__":
    main()
