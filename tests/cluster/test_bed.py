"""The bed itself: up is idempotent, and down leaves nothing behind."""

import os
import pathlib
import subprocess

import pytest

from bed import HERE

COMMAND = str(HERE / "bed")


@pytest.fixture
def other(tmp_path_factory, monkeypatch):
    """A second bed, beside that of the other tests."""
    path = os.environ["AUTO_DEVOPS_BED"] + "-second"
    monkeypatch.setenv("AUTO_DEVOPS_BED", path)
    yield pathlib.Path(path)
    subprocess.run([COMMAND, "down"])


def bed(*arguments):
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=200)


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


def cgroups():
    return {str(p) for p in pathlib.Path("/sys/fs/cgroup").glob("**/auto-devops-*") if p.parent.parent.name != "auto-devops"}


def network():
    return subprocess.run(["ip", "-o", "link"], capture_output=True, text=True).stdout.count("\n"), set(
        pathlib.Path("/run").glob("netns/*")
    )


def tunables():
    names = "vm/overcommit_memory kernel/panic kernel/panic_on_oops net/ipv4/ip_forward".split()
    return {n: pathlib.Path("/proc/sys", n).read_text() for n in names}


def test_down_leaves_nothing(other):
    before = cgroups(), network(), tunables(), set(os.listdir("/run")), set(os.listdir("/var/lib")), set(os.listdir("/var/log"))
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
    assert traces(other) and cgroups() != before[0]
    down = bed("down")
    assert down.returncode == 0, down.stderr
    assert traces(other) == []
    assert (cgroups(), network(), tunables(), set(os.listdir("/run")), set(os.listdir("/var/lib")), set(os.listdir("/var/log"))) == before
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
