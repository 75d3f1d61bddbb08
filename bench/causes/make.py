#!/usr/bin/env python3
"""Prints a cluster as JSON lines in which 8 % of the pods fail in five ways: make.py PODS [together|scattered].

Deployments of 20 pods with their ReplicaSets, Services, ConfigMaps and nodes. Failing together: every pod of 8 % of the workloads. Scattered:
8 % of all pods, one or two of each workload. The five ways: a crash loop, an image that cannot be pulled, a missing ConfigMap, no room on any node,
killed for memory.
"""

import json
import random
import sys

NOW = "2026-11-20T12:00:00Z"
MADE = "2026-11-20T09:00:00Z"
SICK = "2026-11-20T11:30:00Z"
PER = 20
WAYS = ("crash", "image", "config", "pending", "memory")


def put(kind, api, meta, **rest):
    print(json.dumps({"apiVersion": api, "kind": kind, "metadata": meta, **rest}, separators=(",", ":")))


def template(app, way):
    container = {
        "name": "main",
        "image": f"registry.example/{app}:{'broken' if way == 'image' else '1.4'}",
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
        "env": [{"name": "BACKEND_URL", "value": f"http://{app}.team-0.svc:80/"}, {"name": "MODE", "value": "fast"}],
        "envFrom": [{"configMapRef": {"name": f"{app}-config"}}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10},
        "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],
    }
    return {"containers": [container], "volumes": [{"name": "scratch", "emptyDir": {}}], "serviceAccountName": "default", "restartPolicy": "Always"}


def waiting(reason, message):
    return {"waiting": {"reason": reason, "message": message}}


def status(way, app, pod):
    """(phase, ready, state, last state, restarts, event)"""
    ended = {"exitCode": 1, "reason": "Error", "startedAt": SICK, "finishedAt": "2026-11-20T11:58:00Z"}
    back_off = waiting("CrashLoopBackOff", f"back-off 5m0s restarting failed container=main pod={pod}_x")
    return {
        None: ("Running", True, {"running": {"startedAt": MADE}}, {}, 0, None),
        "crash": ("Running", False, back_off, {"terminated": ended}, 9, ("BackOff", "Back-off restarting failed container main")),
        "memory": (
            "Running",
            False,
            back_off,
            {"terminated": dict(ended, exitCode=137, reason="OOMKilled")},
            9,
            ("BackOff", "Back-off restarting failed container main"),
        ),
        "image": (
            "Pending",
            False,
            waiting("ImagePullBackOff", f'Back-off pulling image "registry.example/{app}:broken"'),
            {},
            0,
            ("Failed", f'Failed to pull image "registry.example/{app}:broken": manifest unknown'),
        ),
        "config": (
            "Pending",
            False,
            waiting("CreateContainerConfigError", f'configmap "{app}-config" not found'),
            {},
            0,
            ("Failed", f'Error: configmap "{app}-config" not found'),
        ),
        "pending": ("Pending", False, None, {}, 0, ("FailedScheduling", "0/200 nodes are available: 200 Insufficient cpu.")),
    }[way]


def pod(i, app, ns, way, nodes):
    name = f"{app}-6d4b75cb6d-{i:05x}"
    phase, ready, state, last, restarts, event = status(way, app, name)
    meta = {
        "name": name,
        "namespace": ns,
        "uid": f"{i:08x}-0000-4000-8000-00000000000a",
        "creationTimestamp": MADE if not way else SICK,
        "labels": {"app": app, "pod-template-hash": "6d4b75cb6d"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{app}-6d4b75cb6d", "uid": f"rs-{app}", "controller": True}],
    }
    spec = template(app, way)
    yes = "True" if ready else "False"
    conditions = [{"type": "PodScheduled", "status": "True", "lastTransitionTime": SICK}]
    if way == "pending":
        conditions = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": event[1], "lastTransitionTime": SICK}]
    else:
        spec["nodeName"] = f"node-{i % nodes}"
        conditions.append({"type": "Ready", "status": yes, "lastTransitionTime": SICK})
        conditions.append({"type": "ContainersReady", "status": yes, "lastTransitionTime": SICK})
    said = {"phase": phase, "conditions": conditions, "startTime": SICK}
    if state:
        said["podIP"] = f"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}"
        said["containerStatuses"] = [
            {"name": "main", "ready": ready, "restartCount": restarts, "image": spec["containers"][0]["image"], "state": state, "lastState": last}
        ]
    put("Pod", "v1", meta, spec=spec, status=said)
    if event:
        put(
            "Event",
            "v1",
            {"name": f"{name}.1", "namespace": ns},
            involvedObject={"kind": "Pod", "namespace": ns, "name": name, "uid": meta["uid"]},
            type="Warning",
            reason=event[0],
            message=event[1],
            count=30,
            firstTimestamp=SICK,
            lastTimestamp="2026-11-20T11:59:00Z",
            source={"component": "kubelet"},
        )
    return ready


def workload(d, ways, first, nodes):
    app, ns = f"app-{d}", f"team-{d % 20}"
    labels = {"app": app}
    meta = {"namespace": ns, "creationTimestamp": MADE, "labels": labels}
    ready = sum(pod(first + k, app, ns, ways[k], nodes) for k in range(PER))
    counts = {"replicas": PER, "readyReplicas": ready, "availableReplicas": ready, "updatedReplicas": PER, "unavailableReplicas": PER - ready}
    spec = {
        "replicas": PER,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": template(app, ways[0] if ways[0] == ways[-1] else None)},
    }
    put("Deployment", "apps/v1", dict(meta, name=app, uid=f"dep-{app}"), spec=spec, status=counts)
    owner = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": app, "uid": f"dep-{app}", "controller": True}]
    annotations = {"deployment.kubernetes.io/revision": "1"}
    put(
        "ReplicaSet",
        "apps/v1",
        dict(meta, name=f"{app}-6d4b75cb6d", uid=f"rs-{app}", ownerReferences=owner, annotations=annotations),
        spec=spec,
        status={"replicas": PER, "readyReplicas": ready},
    )
    put("Service", "v1", dict(meta, name=app), spec={"selector": labels, "clusterIP": f"10.96.{d >> 8}.{d & 255}", "ports": [{"port": 80, "targetPort": 8080}]})
    if "config" not in ways:
        put("ConfigMap", "v1", dict(meta, name=f"{app}-config"), data={"LOG_LEVEL": "info", "PEERS": f"app-{d + 1}:80"})
    ends = [{"addresses": [f"10.9.{k}.{d & 255}"], "conditions": {"ready": k < ready}} for k in range(PER)]
    put(
        "EndpointSlice",
        "discovery.k8s.io/v1",
        dict(meta, name=f"{app}-x", labels={"kubernetes.io/service-name": app}),
        addressType="IPv4",
        endpoints=ends,
        ports=[{"port": 8080}],
    )


def main():
    count = int(sys.argv[1])
    together = sys.argv[2:3] != ["scattered"]
    nodes = max(1, count // 100)
    random.seed(7)
    deployments = count // PER
    for n in range(20):
        put("Namespace", "v1", {"name": f"team-{n}"}, status={"phase": "Active"})
        put("ServiceAccount", "v1", {"name": "default", "namespace": f"team-{n}"})
    for n in range(nodes):
        conditions = [{"type": "Ready", "status": "True", "lastTransitionTime": MADE}, {"type": "MemoryPressure", "status": "False"}]
        allocatable = {"cpu": "64", "memory": "256Gi", "pods": "250"}
        put("Node", "v1", {"name": f"node-{n}", "creationTimestamp": MADE}, status={"conditions": conditions, "allocatable": allocatable, "capacity": allocatable})
    sick_workloads = {d: WAYS[k % 5] for k, d in enumerate(random.sample(range(deployments), deployments * 8 // 100))}
    for d in range(deployments):
        way = sick_workloads.get(d)
        ways = [way if together else WAYS[(d + k) % 5] if random.random() < 0.08 else None for k in range(PER)]
        workload(d, ways, d * PER, nodes)
    for kind, api in (("NetworkPolicy", "networking.k8s.io/v1"), ("ResourceQuota", "v1"), ("Secret", "v1")):
        print(json.dumps({"apiVersion": api, "kind": kind + "List", "items": []}))


main()
