#!/usr/bin/env python3
"""Prints a cluster of many small workloads as JSON lines: make_small.py NAMESPACES WORKLOADS_EACH [FAILING_PERCENT]. Each workload is a Deployment of one
pod with a ReplicaSet, Service, Ingress, ConfigMap and NetworkPolicy of its own."""

import json
import sys

THEN = "2026-11-20T09:00:00Z"
NOW = "2026-11-20T12:00:00Z"
NODES = 200


def thing(api_version, kind, ns, name, **rest):
    """An object that was made at THEN."""
    meta = {"name": name, "uid": f"{kind}-{ns}-{name}", "creationTimestamp": THEN, **rest.pop("metadata", {})}
    if ns:
        meta["namespace"] = ns
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, **rest}


def owned_by(kind, ns, name):
    return [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": f"{kind}-{ns}-{name}", "controller": True}]


def cluster():
    for i in range(NODES):
        ready = [{"type": "Ready", "status": "True", "lastHeartbeatTime": NOW, "lastTransitionTime": THEN}]
        room = {"cpu": "64", "memory": "256Gi", "pods": "250"}
        yield thing("v1", "Node", None, f"node-{i}", spec={}, status={"conditions": ready, "allocatable": room, "capacity": room})
    yield thing("networking.k8s.io/v1", "IngressClass", None, "nginx", spec={"controller": "k8s.io/ingress-nginx"})


def template(name):
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {
            "containers": [
                {
                    "name": "web",
                    "image": f"registry.example/{name}:1.{len(name)}.0",
                    "ports": [{"containerPort": 8080, "name": "http"}],
                    "env": [{"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": f"{name}-config", "key": "mode"}}}],
                    "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
                    "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
                }
            ],
        },
    }


def container_state(bad):
    if bad:
        ended = {"exitCode": 1, "reason": "Error", "startedAt": "2026-11-20T11:58:00Z", "finishedAt": "2026-11-20T11:58:01Z"}
        return {"restartCount": 9, "ready": False, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": ended}}
    return {"restartCount": 0, "ready": True, "started": True, "state": {"running": {"startedAt": THEN}}}


def pod(ns, name, number, bad):
    image = template(name)["spec"]["containers"][0]["image"]
    ready = "False" if bad else "True"
    conditions = [{"type": t, "status": s, "lastTransitionTime": THEN} for t, s in (("PodScheduled", "True"), ("Initialized", "True"), ("ContainersReady", ready), ("Ready", ready))]  # fmt: skip
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    meta = {"labels": {"app": name, "pod-template-hash": "5d8f7b9c6"}, "ownerReferences": owned_by("ReplicaSet", ns, f"{name}-5d8f7b9c6")}
    status = {"phase": "Running", "podIP": address, "startTime": THEN, "conditions": conditions}
    status["containerStatuses"] = [{"name": "web", "image": image, "imageID": image + "@sha256:1", **container_state(bad)}]
    return thing("v1", "Pod", ns, f"{name}-5d8f7b9c6-x{number:05x}", metadata=meta, spec={"nodeName": f"node-{number % NODES}", **template(name)["spec"]}, status=status)  # fmt: skip


def workload(ns, name, number, bad):
    labels = {"app": name}
    up = 0 if bad else 1
    counts = {"observedGeneration": 1, "replicas": 1, "readyReplicas": up, "availableReplicas": up}
    body = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template(name)}
    yield thing("v1", "ConfigMap", ns, f"{name}-config", data={"mode": "production", "level": "info"})
    yield thing("apps/v1", "Deployment", ns, name, metadata={"generation": 1}, spec=body, status={**counts, "updatedReplicas": 1, "unavailableReplicas": 1 - up})  # fmt: skip
    yield thing(
        "apps/v1", "ReplicaSet", ns, f"{name}-5d8f7b9c6", metadata={"generation": 1, "ownerReferences": owned_by("Deployment", ns, name)}, spec=body, status=counts
    )  # fmt: skip
    yield pod(ns, name, number, bad)
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    yield thing("v1", "Service", ns, name, spec={"type": "ClusterIP", "clusterIP": f"10.96.{number >> 8 & 255}.{number & 255}", "selector": labels, "ports": ports})  # fmt: skip
    endpoint = {"addresses": [f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"], "conditions": {"ready": not bad}}
    endpoint["targetRef"] = {"kind": "Pod", "name": f"{name}-5d8f7b9c6-x{number:05x}", "namespace": ns}
    yield thing(
        "discovery.k8s.io/v1", "EndpointSlice", ns, f"{name}-abcde", metadata={"labels": {"kubernetes.io/service-name": name}}, addressType="IPv4", endpoints=[endpoint], ports=[{"name": "http", "port": 8080}]
    )  # fmt: skip
    backend = {"service": {"name": name, "port": {"number": 80}}}
    rule = {"host": f"{name}.{ns}.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    yield thing("networking.k8s.io/v1", "Ingress", ns, name, spec={"ingressClassName": "nginx", "rules": [rule]}, status={"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})  # fmt: skip
    policy = {"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": 8080}]}]}
    yield thing("networking.k8s.io/v1", "NetworkPolicy", ns, name, spec=policy)
    if bad:
        about = {"kind": "Pod", "namespace": ns, "name": f"{name}-5d8f7b9c6-x{number:05x}", "uid": f"Pod-{ns}-{name}-5d8f7b9c6-x{number:05x}"}
        yield thing("v1", "Event", ns, f"{name}.1", involvedObject=about, type="Warning", reason="BackOff", message="Back-off restarting failed container web in pod", firstTimestamp=THEN, lastTimestamp=NOW, count=40, source={"component": "kubelet"})  # fmt: skip


def main():
    namespaces, each = int(sys.argv[1]), int(sys.argv[2])
    failing = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    for record in cluster():
        print(json.dumps(record, separators=(",", ":")))
    for n in range(namespaces):
        ns = f"tenant-{n}"
        print(json.dumps(thing("v1", "Namespace", None, ns, spec={}, status={"phase": "Active"})))
        for i in range(each):
            number = n * each + i
            for record in workload(ns, f"app-{i}", number, number % 100 < failing):
                print(json.dumps(record, separators=(",", ":")))


main()
