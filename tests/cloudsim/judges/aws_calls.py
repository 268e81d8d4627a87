#!/usr/bin/env python3
"""Makes AWS calls with boto3 for a test: one JSON object a line in, one a line out.

in:  {"service": "ec2", "operation": "CreateVpc", "arguments": {…}, "extra": {"Raw.1.Name": "value"}, "secret": "…",
      "key": "…", "token": "…", "region": "…", "version": "…"}
out: {"ok": …} or {"code": …, "message": …, "status": …} or {"broken": "the client's own exception"}

`extra` goes into the form body as it is, so that a test can say what no client would. botocore does not check parameters
here, and retries nothing; its parsers read every answer.
"""
import base64
import datetime
import json
import sys

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

CLIENTS = {}
PLAIN = Config(retries={"max_attempts": 0}, parameter_validation=False, read_timeout=5, connect_timeout=5)


def client(call):
    names = ("service", "key", "secret", "token", "region")
    at = tuple(call.get(name) for name in names)
    if at not in CLIENTS:
        service, key, secret, token, region = at
        session = boto3.session.Session(aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, region_name=region)
        CLIENTS[at] = session.client(service, config=PLAIN)
        CLIENTS[at].meta.events.register("before-call", add)
    return CLIENTS[at]


EXTRA = {}


def add(params, **_):
    if isinstance(params["body"], dict):
        params["body"].update(EXTRA)


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def answer(call):
    EXTRA.clear()
    EXTRA.update(call.get("extra") or {})
    try:
        made = getattr(client(call), xform_name(call["operation"]))(**call.get("arguments", {}))
        made.pop("ResponseMetadata", None)
        return {"ok": made}
    except ClientError as error:
        said = error.response
        return {"code": said["Error"]["Code"], "message": said["Error"].get("Message", ""),
                "status": said["ResponseMetadata"]["HTTPStatusCode"]}
    except (BotoCoreError, ResponseParserError) as error:
        return {"broken": type(error).__name__}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line)), default=plain), flush=True)
