"""The bed itself: up is idempotent, and down leaves nothing behind."""

import os
import pathlib
import subprocess

import pytest

from bed import HERE

PATH = pathlib.Path(os.environ["AUTO_DEVOPS_BED"] + "-second")  # beside that of the other tests


def bed(*arguments):
    return subprocess.run(
        [HERE / "bed", *arguments], capture_output=True, text=True, timeout=300, env={**os.environ, "AUTO_DEVOPS_BED": str(PATH)}
    )


@pytest.fixture
def other():
    yield PATH
    bed("down")


def traces(path):
    """Everything on the machine that is of the bed at this path."""
    found = [line for line in pathlib.Path("/proc/mounts").read_text().splitlines() if str(path) in line]
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if str(path) in text:
                found.append(text)
        except OSError:
            pass  # it ended meanwhile
    if path.exists():
        found.append(str(path))
    return found


def machine(path):
    """What the parts of a cluster would change on a machine if nothing held them back."""
    number = subprocess.run(["cksum"], input=str(path), capture_output=True, text=True).stdout.split()[0]
    folders = "/run/containerd /run/netns /var/lib/kubelet /var/lib/cni /var/log/pods /var/log/containers /etc/cni/net.d".split()
    tunables = "vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops net/ipv4/ip_forward".split()
    return {
        "cgroups": sorted(str(p) for t in ("", "*/") for p in pathlib.Path("/sys/fs/cgroup").glob(f"{t}auto-devops-{number}")),
        "links": subprocess.run(["ip", "-o", "link"], capture_output=True, text=True).stdout.count("\n"),
        "folders": [f for f in folders if os.path.exists(f)],
        "tunables": [pathlib.Path("/proc/sys", n).read_text() for n in tunables],
    }


def test_down_leaves_nothing(other):
    before = machine(other)
    up = bed("up")
    assert up.returncode == 0, up.stderr
    started = bed("kubectl", "create", "deployment", "web", "--image=docker.io/library/busybox:1.35", "--", "sleep", "1000")
    assert started.returncode == 0, started.stderr
    ready = bed("kubectl", "rollout", "status", "deployment/web", "--timeout=60s")
    assert ready.returncode == 0, ready.stderr
    init = (other / "run" / "init.pid").read_text()
    again = bed("up")
    assert again.returncode == 0 and "already running" in again.stderr
    assert (other / "run" / "init.pid").read_text() == init
    status = bed("status")
    assert status.returncode == 0 and "NOT RUNNING" not in status.stdout and "1 Ready" in status.stdout, status.stdout
    assert traces(other)
    assert machine(other)["cgroups"], "the pods' cgroups are not where this test looks for them"
    down = bed("down")
    assert down.returncode == 0, down.stderr
    assert traces(other) == []
    assert machine(other) == before
    assert bed("status").returncode == 1
    assert bed("down").returncode == 0


def test_a_part_that_fails_is_named_with_its_log(other):
    """etcd finds a file where its folder should be: the end of its log says so."""
    other.mkdir(parents=True)
    (other / "etcd").write_text("in the way")
    up = bed("up")
    assert up.returncode != 0
    assert "etcd" in up.stderr and "etcd.log" in up.stderr, up.stderr
    bed("down")
    assert traces(other) == []


def test_usage():
    assert bed("nonsense").returncode == 2
    assert "usage" in bed("help").stdout
