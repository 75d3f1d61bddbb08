"""What only a real API server shows of reading it: both wire formats, watches. Through tests/tools/probe."""

import os
import queue
import subprocess
import threading
import uuid

import pytest

from bed import PROGRAM

PROBE = PROGRAM.parent / "tests" / "tools" / "probe"


@pytest.fixture
def namespace(bed):
    name = f"reading-{uuid.uuid4().hex[:8]}"
    bed.kubectl("create", "namespace", name)
    yield name
    bed.kubectl("delete", "namespace", name, "--wait=false")


def test_protobuf_and_json_give_one_inventory(bed, namespace):
    """Object by object, of every kind the server has, Secrets and custom kinds included."""
    bed.kubectl("-n", namespace, "create", "secret", "generic", "keys", "--from-literal=user=a", "--from-literal=password=b")
    bed.apply(f"""
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: whole, namespace: {namespace}, labels: {{a: "1"}}, annotations: {{b: "two"}}}}
spec:
  serviceName: whole
  replicas: 0
  selector: {{matchLabels: {{app: whole}}}}
  template:
    metadata: {{labels: {{app: whole}}}}
    spec:
      containers: [{{name: main, image: "x", resources: {{limits: {{cpu: 1500m, memory: 1.5Gi}}}}, startupProbe: {{tcpSocket: {{port: http}}}}}}]
  volumeClaimTemplates: [{{metadata: {{name: data}}, spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}}}]
""")
    done = bed.run([PROBE, "wires"], check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert " 0 differ" in done.stdout


class Watching:
    """probe watch, its lines as they come."""

    def __init__(self, bed, kind, namespace, env):
        self.lines = queue.Queue()
        command = [*bed.prefix(), PROBE, "watch", kind, namespace, "1000"]
        env = dict(os.environ, KUBECONFIG=str(bed.kubeconfig), **env)
        self.process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())

    def until(self, wanted):
        """The lines up to the one that is wanted."""
        seen = []
        while not seen or seen[-1] != wanted:
            try:
                seen.append(self.lines.get(timeout=20))
            except queue.Empty:
                pytest.fail(f"{wanted} did not come, only {seen}")
        return seen

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


@pytest.mark.parametrize("wire", ["protobuf", "json"])
@pytest.mark.parametrize(("kind", "create"), [("configmaps", ["configmap"]), ("secrets", ["secret", "generic"])])
def test_watch(bed, namespace, wire, kind, create):
    """Changes arrive in order, also when the watch is renewed every second."""
    with Watching(bed, kind, namespace, {"AUTO_DEVOPS_WIRE": wire, "PROBE_SECONDS": "1"}) as watching:
        assert watching.until("SYNCED /")[0] == "RESET /"
        for name in ("one", "two"):
            bed.kubectl("-n", namespace, "create", *create, name, "--from-literal=a=b")
            assert watching.until(f"ADDED {namespace}/{name}")
            bed.kubectl("-n", namespace, "label", kind, name, "x=y")
            assert watching.until(f"CHANGED {namespace}/{name}")
            bed.kubectl("-n", namespace, "delete", kind, name)
            seen = watching.until(f"DELETED {namespace}/{name}")
            assert "RESET /" not in seen, "resumed, not listed again"
