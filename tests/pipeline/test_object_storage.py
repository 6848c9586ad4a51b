"""Push, clone and restore over S3: a real client against a server of this machine."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from tests.pipeline.micro import Clone

boto3 = pytest.importorskip("boto3", reason="needs the optional part s3: make install-s3")
pytest.importorskip("dvc_s3", reason="needs the optional part s3: make install-s3")
moto = pytest.importorskip("moto.server", reason="needs an S3 server: make install-test-s3")
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}


def test_push_clone_restore_over_s3(done: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    site = str(Path(str(import_module("dvc_s3").__file__)).parents[1])  # beside the environment of the tests or in it
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        address = "http://{}:{}".format(*server.get_host_and_port())
        boto3.client("s3", endpoint_url=address).create_bucket(Bucket="runs")
        first = done.copy(tmp_path / "first")
        (first.folder / "dvc.lock").unlink()  # Snakemake alone has run
        first.run("dvc", "remote", "add", "-d", "bucket", "s3://runs/pixelwise")
        first.run("dvc", "remote", "modify", "bucket", "endpointurl", address)
        first.make("push", site)
        first.commit("pushed")
        second = first.cloned(tmp_path / "second")
        second.make("restore", site)
        assert second.nothing_to_do()
        assert second.jobs("dvc", "repro") == Counter()
    finally:
        server.stop()
