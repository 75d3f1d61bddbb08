"""What the program reads: the same over protobuf and JSON, from lists and from watches, while the faults keep changing things."""

import subprocess
import threading

import pytest

from bed import PROGRAM

PROBE = PROGRAM.parent / "tests" / "tools" / "probe"


def test_protobuf_and_json_give_one_inventory(bed, planted):
    """Objects come and go between the two reads: three tries, of which one must be wholly the same."""
    for _ in range(3):
        done = bed.run([PROBE, "wires"], check=False)
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(done.stdout.split(" objects compared")[0].split()[-1]) > 400, done.stdout


class Watcher:
    """A watch in the background; its lines as they come."""

    def __init__(self, bed, kind, ns, count, env):
        settings = {"KUBECONFIG": str(bed.kubeconfig), "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **env}
        self.process = subprocess.Popen(
            [*bed.prefix(), PROBE, "watch", kind, ns, str(count)], stdout=subprocess.PIPE, text=True, env=settings
        )
        self.lines = []
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.strip())
                self.changed.notify_all()

    def expect(self, start):
        with self.changed:
            assert self.changed.wait_for(lambda: any(line.startswith(start) for line in self.lines), timeout=30), (
                f"no '{start}' in {self.lines}"
            )

    def end(self):
        self.process.kill()
        self.process.wait()


@pytest.mark.parametrize("wire", ["protobuf", "json"])
@pytest.mark.parametrize("seconds", ["", "2"], ids=["one-connection", "many-connections"])
def test_watch(bed, wire, seconds):
    """Every change arrives once, in order, also when the connection ends every two seconds and is resumed."""
    ns = f"watched-{wire}{seconds}"
    bed.kubectl("create", "namespace", ns)
    watcher = Watcher(
        bed,
        "ConfigMap",
        ns,
        1000,
        {**({"AUTO_DEVOPS_WIRE": "json"} if wire == "json" else {}), **({"PROBE_SECONDS": seconds} if seconds else {})},
    )
    try:
        watcher.expect("SYNCED")
        for i in range(12):
            bed.kubectl("create", "configmap", f"c{i}", "-n", ns, "--from-literal=a=1")
            bed.kubectl("patch", "configmap", f"c{i}", "-n", ns, "-p", '{"data": {"a": "2"}}')
            bed.kubectl("delete", "configmap", f"c{i}", "-n", ns)
        watcher.expect(f"DELETED {ns}/c11")
        for i in range(12):
            assert [line.split()[0] for line in watcher.lines if line.endswith(f" {ns}/c{i}")] == ["ADDED", "CHANGED", "DELETED"], (
                watcher.lines
            )
        assert not any(
            line.startswith(("RESET", "LOST"))
            for line in watcher.lines[watcher.lines.index(next(x for x in watcher.lines if x.startswith("SYNCED"))) + 1 :]
        ), watcher.lines
    finally:
        watcher.end()
        bed.kubectl("delete", "namespace", ns, "--wait=false")
