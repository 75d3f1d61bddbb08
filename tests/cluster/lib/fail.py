"""Prints the curl configuration that makes N of the fake pods fail in five ways, as kubelet and scheduler would report it: fail.py N FOLDER < pods

Standard input: "namespace name uid image" a line. The bodies of the requests go to files in FOLDER."""

import json
import pathlib
import sys
import time

NOW = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 300))  # long enough ago for no check to call it a start
RECENT = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 20))
SERVER = "https://127.0.0.1:6443/api/v1/namespaces"


def waiting(reason, message):
    return {"waiting": {"reason": reason, "message": message}}


def ended(code, reason):
    return {"terminated": {"exitCode": code, "reason": reason, "startedAt": NOW, "finishedAt": NOW}}


def back_off(pod):
    return f"back-off 5m0s restarting failed container=main pod={pod['name']}_{pod['ns']}({pod['uid']})"


def crash_loop(pod):
    state = {"restartCount": 7, "state": waiting("CrashLoopBackOff", back_off(pod)), "lastState": ended(1, "Error")}
    return "Running", state, "BackOff", f"Back-off restarting failed container main in pod {pod['name']}_{pod['ns']}({pod['uid']})"


def out_of_memory(pod):
    state = {"restartCount": 5, "state": waiting("CrashLoopBackOff", back_off(pod)), "lastState": ended(137, "OOMKilled")}
    return "Running", state, "BackOff", f"Back-off restarting failed container main in pod {pod['name']}_{pod['ns']}({pod['uid']})"


def image_pull(pod):
    message = f'Back-off pulling image "{pod["image"]}"'
    why = f'Failed to pull image "{pod["image"]}": rpc error: code = NotFound desc = {pod["image"]}: not found'
    return "Pending", {"restartCount": 0, "state": waiting("ImagePullBackOff", message)}, "Failed", why


def config_missing(pod):
    message = 'configmap "settings" not found'
    return "Pending", {"restartCount": 0, "state": waiting("CreateContainerConfigError", message)}, "Failed", f"Error: {message}"


def not_ready(pod):
    state = {"restartCount": 0, "started": True, "state": {"running": {"startedAt": NOW}}}
    return "Running", state, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"


WAYS = (crash_loop, out_of_memory, image_pull, config_missing, not_ready)


def status(pod, phase, state):
    message = "containers with unready status: [main]"
    unready = {"status": "False", "reason": "ContainersNotReady", "message": message, "lastTransitionTime": NOW}
    container = {"name": "main", "image": pod["image"], "imageID": "", "ready": False, "started": False, **state}
    return {
        "status": {
            "phase": phase,
            "containerStatuses": [container],
            "conditions": [{"type": t, **unready} for t in ("Ready", "ContainersReady")],
        }
    }


def event(pod, reason, message):
    about = {"apiVersion": "v1", "kind": "Pod", "namespace": pod["ns"], "name": pod["name"], "uid": pod["uid"]}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{pod['name']}.fail", "namespace": pod["ns"]},
        "type": "Warning",
        "reason": reason,
        "message": message,
        "count": 12,
        "firstTimestamp": NOW,
        "lastTimestamp": RECENT,
        "source": {"component": "kubelet", "host": "fake-1"},
        "reportingComponent": "kubelet",
        "involvedObject": {**about, "fieldPath": "spec.containers{main}"},
    }


def main():
    count, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    pods = [dict(zip(("ns", "name", "uid", "image"), line.split())) for line in sys.stdin]
    step = max(len(pods) // count, 1)
    for i, pod in enumerate(pods[::step][:count]):
        phase, state, reason, message = WAYS[i % len(WAYS)](pod)
        for kind, body in (("pod", status(pod, phase, state)), ("event", event(pod, reason, message))):
            file = folder / f"{kind}-{i}.json"
            file.write_text(json.dumps(body))
            path = f"pods/{pod['name']}/status" if kind == "pod" else "events"
            method, content = ("PATCH", "merge-patch+json") if kind == "pod" else ("POST", "json")
            print(f'next\nrequest = {method}\nheader = "Content-Type: application/{content}"\nurl = "{SERVER}/{pod["ns"]}/{path}"')
            print(f'data = "@{file}"\noutput = /dev/null')


main()
