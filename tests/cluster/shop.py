#!/usr/bin/env python3
"""The small shop in trouble: plants it in the test cluster and, with --record FILE, saves a snapshot for `./dev demo`."""

import argparse
import re
import time

from bed import HERE, Bed
from planting import add_registry, read_objects, shows

NEVER_PUSHED = "registry.shop.example/shop/recommendations:1.9.0"
TROUBLES = [
    {"kind": "Pod", "name": "orders-db-0", "path": "status.phase", "is": "Pending"},
    {"kind": "Event", "about": "data-orders-db-0", "path": "reason", "is": "ProvisioningFailed"},
    {"kind": "Pod", "name": "checkout-*", "path": "status.containerStatuses[0].restartCount", "least": 4},
    {"kind": "Event", "about": "storefront-*", "path": "message", "has": "Readiness probe failed"},
    {"kind": "Pod", "name": "payments-*", "path": "status.containerStatuses[0].lastState.terminated.reason", "is": "OOMKilled"},
    {
        "kind": "Deployment",
        "name": "recommendations",
        "path": "status.conditions[type=Progressing].reason",
        "is": "ProgressDeadlineExceeded",
    },
    {"kind": "Pod", "name": "recommendations-*", "path": "status.containerStatuses[0].state.waiting.reason", "is": "ImagePullBackOff"},
    {"kind": "Pod", "name": "invoices-*", "path": "status.containerStatuses[0].state.waiting.reason", "is": "CreateContainerConfigError"},
    {"kind": "Deployment", "name": "catalog", "path": "status.readyReplicas", "is": 1},
    {"kind": "Deployment", "name": "cart", "path": "status.readyReplicas", "is": 2},
]


def plant(bed):
    manifests = "\n---\n".join(f.read_text() for f in sorted((HERE / "shop").glob("*.yaml")))
    images = sorted(set(re.findall(r"registry\.shop\.example/[\w./-]+:[\w.-]+", manifests)))
    bed.run([HERE / "bed", "ctr", "images", "tag", "--force", "docker.io/library/busybox:1.35", *images])
    add_registry(bed, "registry.shop.example")
    bed.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
    # Services come first: a container learns their addresses from its environment when it starts.
    documents = sorted(manifests.split("\n---\n"), key=lambda d: "\nkind: Service\n" not in "\n" + d)
    bed.kubectl("wait", "--for=create", "serviceaccount/default", "-n", "shop", "--timeout=30s")
    bed.apply("\n---\n".join(documents))
    bed.kubectl("rollout", "status", "deployment/recommendations", "-n", "shop", "--timeout=60s", timeout=70)
    bed.kubectl("set", "image", "deployment/recommendations", f"recommendations={NEVER_PUSHED}", "-n", "shop")


def wait(bed, limit):
    end = time.monotonic() + limit
    while True:
        objects = read_objects(bed)
        missing = [c for c in TROUBLES if not shows(c, "shop", objects)]
        if not missing:
            return
        assert time.monotonic() < end, f"the shop does not show: {missing}"
        time.sleep(2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", metavar="FILE", help="save a snapshot when all its troubles show")
    options = parser.parse_args()
    bed = Bed()
    assert bed.runs(), "the cluster does not run: tests/cluster/bed up"
    if not any(n["metadata"]["name"] == "shop" for n in bed.get("namespaces")):
        plant(bed)
    wait(bed, 240)
    if options.record:
        bed.program("snapshot", "-o", options.record, timeout=120)


if __name__ == "__main__":
    main()
