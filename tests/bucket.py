"""An S3 server of the tests' own, on a free port."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import count

import boto3
import pytest

_numbers = count(1)

# A process of its own, because delta-rs holds Python's lock while it waits for the store; it ends with our pipe.
_SERVER = """
import logging, sys
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture(scope="session")
def s3_options() -> Iterator[dict[str, str]]:
    """Options of a lake for a running S3 server."""
    server = subprocess.Popen([sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin is not None
    assert server.stdout is not None
    port = int(server.stdout.readline())
    yield {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test-key",
        "AWS_SECRET_ACCESS_KEY": "test-secret",
        "AWS_REGION": "us-east-1",
    }
    server.stdin.close()
    server.wait(30)
    server.stdout.close()


@pytest.fixture
def s3_url(s3_options: dict[str, str]) -> str:
    """The URL of a prefix in a bucket that this test has for itself."""
    client = boto3.client(
        "s3",
        endpoint_url=s3_options["AWS_ENDPOINT_URL"],
        aws_access_key_id=s3_options["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=s3_options["AWS_SECRET_ACCESS_KEY"],
        region_name=s3_options["AWS_REGION"],
    )
    bucket = f"lake-{next(_numbers)}"
    client.create_bucket(Bucket=bucket)
    return f"s3://{bucket}/node"
