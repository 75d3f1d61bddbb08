#!/usr/bin/env python3
"""Prints pods and services as JSON lines, made from a recorded pod: make.py PODS SERVICES; or a log: make.py --log."""

import copy
import json
import pathlib
import random
import sys

CORPUS = pathlib.Path(__file__).resolve().parents[2] / "tests/fuzz/corpus/json/list-pods.json"


def pods(count, services):
    """Pods of deployments of 100 each, spread over the services."""
    model = json.loads(CORPUS.read_text())["items"][0]
    for i in range(count):
        pod = copy.deepcopy(model)
        meta = pod["metadata"]
        meta.update(
            name=f"app-{i // 100}-5d8f7b9c6-{i:05x}",
            namespace="shop" if services else f"team-{i % 10}",
            uid=f"{i:08x}-0000-4000-8000-000000000000",
        )
        meta["labels"] = {"app": f"app-{i % services if services else i // 100}", "tier": "web", "pod-template-hash": f"{i // 100:x}"}
        pod["spec"]["nodeName"] = f"node-{i % 100}"
        yield {"apiVersion": "v1", "kind": "Pod", **pod}
    for i in range(services):
        yield {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": f"s-{i}", "namespace": "shop"},
            "spec": {"selector": {"app": f"app-{i}", "tier": "web"}, "ports": [{"port": 80}]},
        }


def log(lines):
    """Lines as services write them."""
    random.seed(1)
    for i in range(lines):
        yield (
            f'2026-11-23T15:{i % 60:02d}:05.{i:06d}Z level=info caller=server.go:{i % 900} msg="request served" method=GET '
            f"path=/api/v1/items/{i} status=200 duration={i % 77}ms trace_id={random.getrandbits(128):032x}"
        )


def main():
    if sys.argv[1:2] == ["--log"]:
        for line in log(200000):
            print(line)
        return
    for record in pods(int(sys.argv[1]), int(sys.argv[2])):
        print(json.dumps(record, separators=(",", ":")))


main()
