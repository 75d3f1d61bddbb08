"""Objects as a cluster has them, for the fake API server and for input files."""

import copy
import json

NOW = "2026-11-20T12:00:00Z"


def pod(name="web-1", namespace="shop", **status):
    """A running, ready pod."""
    started = {"state": {"running": {"startedAt": "2026-11-20T11:00:00Z"}}, "started": True}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{name}",
            "creationTimestamp": "2026-11-20T11:00:00Z",
            "labels": {"app": "web"},
        },
        "spec": {"nodeName": "node-1", "containers": [{"name": "main", "image": "web:1"}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": t, "status": "True"} for t in ("Initialized", "Ready", "ContainersReady", "PodScheduled")],
            "containerStatuses": [{"name": "main", "ready": True, "restartCount": 0, "image": "web:1", "imageID": "", **started}],
            **status,
        },
    }


def crashing_pod(name="api-1", namespace="shop"):
    result = pod(name, namespace)
    result["status"]["conditions"] = [{"type": "Ready", "status": "False", "reason": "ContainersNotReady", "lastTransitionTime": NOW}]
    result["status"]["containerStatuses"] = [
        {
            "name": "main",
            "ready": False,
            "restartCount": 7,
            "image": "web:1",
            "imageID": "",
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=main"}},
            "lastState": {
                "terminated": {"exitCode": 1, "reason": "Error", "startedAt": "2026-11-20T11:58:00Z", "finishedAt": "2026-11-20T11:58:02Z"}
            },
        }
    ]
    return result


def node(name="node-1"):
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "uid": f"uid-{name}", "creationTimestamp": "2026-11-01T00:00:00Z"},
        "spec": {},
        "status": {
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": NOW}],
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
        },
    }


def namespace(name="shop"):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "uid": f"uid-{name}"}, "status": {"phase": "Active"}}


def sick_cluster():
    return {"pods": [pod(), crashing_pod()], "nodes": [node()], "namespaces": [namespace()]}


def list_of(*objects):
    return {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": [copy.deepcopy(o) for o in objects]}


def sick_file(path, copies=1):
    """Writes a `kubectl get -o json` List with one crash looping pod (times copies)."""
    objects = [namespace(), node(), pod(), *(crashing_pod(f"api-{i}") for i in range(1, copies + 1))]
    path.write_text(json.dumps(list_of(*objects)))
    return path


def log_lines(n):
    """A log of n lines, each fiftieth of them an error."""
    lines = []
    for i in range(n):
        text = "ERROR dial orders-db:5432: connection refused" if i % 50 == 49 else f"INFO order {i} took {i % 97}ms"
        lines.append(f"2026-11-20T11:{i // 60 % 60:02d}:{i % 60:02d}Z {text}\n")
    return "".join(lines)
