"""`watch`: causes appear and clear as the cluster changes, whatever happens to the connection, until Ctrl-C."""

import json
import re
import signal
import threading
import time

import pytest
import samples
from conftest import SLOW
from live import LiveApi
from servers import Behaviours


class Watching:
    """A running `watch -o json`; its lines are read as they come."""

    def __init__(self, process):
        self.process, self.events = process, []
        self.news = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self.news:
                self.events.append(json.loads(line))
                self.news.notify_all()

    def wait(self, event, words="", seconds=15, after=0):
        """The first such event past `after`, and its place."""
        end = time.monotonic() + seconds * SLOW

        def found():
            for i, e in enumerate(self.events[after:], after):
                if e["event"] == event and words in json.dumps(e):
                    return i
            return None

        with self.news:
            while found() is None:
                left = end - time.monotonic()
                assert left > 0, f"no {event} {words} in {[(e['event'], e.get('id')) for e in self.events]}"
                self.news.wait(left)
            return found()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(10 * SLOW)
        error = self.process.stderr.read().decode()
        assert "Sanitizer" not in error, error
        return code


@pytest.fixture
def watching(start, kubeconfig):
    def begin(api, *arguments):
        process = start("watch", "-o", "json", *arguments, env={"KUBECONFIG": str(kubeconfig(api.url))})
        w = Watching(process)
        w.wait("begin", seconds=20)
        return w

    return begin


def healthy():
    return {"pods": [samples.pod()], "nodes": [samples.node()], "namespaces": [samples.namespace()]}


def test_a_cause_appears_and_clears(watching):
    with LiveApi(healthy()) as api:
        w = watching(api)
        assert w.events[0]["cluster"]["live"] and w.events[0]["format"] == "auto-devops/watch/v1"
        bad = samples.crashing_pod()
        api.put("pods", bad)
        at = w.wait("new", "shop/api-1")
        assert w.events[at]["cause"]["root"]["object"]["name"] == "api-1"
        api.delete("pods", bad)
        at = w.wait("clear", "api-1")
        assert w.events[at]["id"].startswith("pod/crash-loop ")
        assert w.stop() == 0
        assert api.lists["/api/v1/pods"] == 1, "listed once, then watched"


def test_what_is_there_at_the_start(watching):
    with LiveApi(samples.sick_cluster()) as api:
        w = watching(api)
        w.wait("present", "pod/crash-loop")
        api.put("pods", samples.pod("api-1"))
        w.wait("clear", "pod/crash-loop")
        assert w.stop() == 0


def test_broken_connections_lose_nothing(watching):
    with LiveApi(healthy()) as api:
        w = watching(api)
        api.drop()
        api.put("pods", samples.crashing_pod("api-1"))
        w.wait("new", "api-1")
        api.drop()
        api.gone = 40  # every watch is told that its version is forgotten
        api.put("pods", samples.pod("api-1"))
        w.wait("clear", "api-1", seconds=25)
        assert api.lists["/api/v1/pods"] >= 2
        assert w.stop() == 0


def test_what_went_while_nobody_looked(watching):
    """An object that is not in the list made after a 410 is gone."""
    with LiveApi(samples.sick_cluster()) as api:
        w = watching(api)
        w.wait("present", "api-1")
        with api.lock:
            api.objects["pods"] = [o for o in api.objects["pods"] if o["metadata"]["name"] != "api-1"]
            api.version += 10
            api.gone = 40
        api.drop()
        w.wait("clear", "api-1", seconds=25)
        assert w.stop() == 0


def test_the_server_goes_away_and_comes_back(watching):
    with LiveApi(healthy()) as api:
        w = watching(api)
        api.down = True
        api.drop()
        w.wait("lost", seconds=20)
        api.put("pods", samples.crashing_pod("api-1"))
        api.down = False
        w.wait("new", "api-1", seconds=45)
        w.wait("connected", seconds=20)
        assert w.stop() == 0


def test_forbidden_kinds_are_notes(watching):
    with LiveApi(healthy()) as api:
        api.on("/api/v1/secrets", Behaviours.forbidden)
        w = watching(api)
        assert any(n["what"] == "secrets" and "forbidden" in n["why"] for n in w.events[0]["notes"]), w.events[0]
        assert w.stop() == 0


def test_time_alone_makes_a_cause(watching):
    """A young pod that is not ready is starting; when the grace has passed it is a trouble, though nothing changed."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    pod = samples.pod("slow-1")
    pod["metadata"]["creationTimestamp"] = stamp
    status = pod["status"]
    status["conditions"] = [{"type": "Ready", "status": "False", "reason": "ContainersNotReady", "lastTransitionTime": stamp}]
    status["containerStatuses"][0].update(ready=False, state={"running": {"startedAt": stamp}})
    objects = healthy()
    objects["pods"].append(pod)
    with LiveApi(objects) as api:
        w = watching(api, "--startup-grace", "4s")
        assert not [e for e in w.events if e["event"] == "present"]
        w.wait("new", "slow-1", seconds=30)
        assert w.stop() == 0


def test_text_and_the_end(run, kubeconfig):
    with LiveApi(samples.sick_cluster()) as api:
        r = run("watch", "--for", "2s", env={"KUBECONFIG": str(kubeconfig(api.url))}).ok()
        lines = r.out.splitlines()
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  (failing|degraded) ", lines[0]), r
        assert any(" present " in line and "api-1" in line for line in lines), r
        assert "\x1b" not in r.out


@pytest.mark.parametrize("behaviour", ["unauthorized", "forbidden"])
def test_nothing_can_be_read(run, kubeconfig, behaviour):
    with LiveApi(healthy()) as api:
        api.on("/api", getattr(Behaviours, behaviour))
        run("watch", env={"KUBECONFIG": str(kubeconfig(api.url))}).failed(1)


def test_usage(run, tmp_path):
    run("watch", "--from", samples.sick_file(tmp_path / "x.json")).failed(2, "live cluster")
    run("watch", "--for", "soon").failed(2, "--for")


def test_interrupted_before_the_first_look(start, kubeconfig):
    """Nothing was shown: that is no watch that ended, but a command that was interrupted."""
    with LiveApi(healthy()) as api:
        api.on("/api/v1/pods", Behaviours.hang)
        process = start("watch", env={"KUBECONFIG": str(kubeconfig(api.url))})
        api.wait_for_request()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10 * SLOW)
        assert process.returncode == 130


def test_memory_does_not_grow_with_epochs(watching):
    def resident(process):
        for line in open(f"/proc/{process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1])
        return 0

    with LiveApi(healthy()) as api:
        w = watching(api)
        sizes = []
        for _round in range(4):
            for i in range(1500):
                api.put("pods", samples.pod(f"web-{i % 50}"))
                if i % 500 == 499:
                    time.sleep(0.7)
            time.sleep(1)
            sizes.append(resident(w.process))
        assert SLOW > 1 or sizes[-1] < sizes[0] + 4000, sizes  # sanitizers keep what was freed
        assert w.stop() == 0
