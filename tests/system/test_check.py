"""`check`: the machine that the tests run on, programs made up for the occasion, services that answer or do not, and clusters."""

import contextlib
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import threading
import time
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import ROOT, SLOW

DEMO = ROOT / "data/demo/shop.snapshot"
CASES = ROOT / "tests/cases/platform/check"


def lines(result):
    """The lines of a JSON report by their id."""
    assert result.code in (0, 3, 4), result
    return {line["id"]: line for line in json.loads(result.out)["lines"]}


@pytest.fixture
def tools(tmp_path):
    """tools(NAME=SHELL TEXT...): an environment whose PATH has only these programs."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def make(**programs):
        for name, body in programs.items():
            path = folder / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{body}\n")
            path.chmod(0o755)
        return {"PATH": str(folder)}

    return make


class Service:
    """An HTTP server on this machine; `answer` is (status, body), or None to never answer."""

    def __init__(self, answer, port=0):
        self.paths, outer = [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.paths.append(self.path)
                if answer is None:
                    time.sleep(30)
                    return
                self.send_response(answer[0])
                self.end_headers()
                self.wfile.write(answer[1].encode())

            do_CONNECT = do_POST = do_GET

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def service():
    made = []

    def make(*arguments):
        made.append(Service(*arguments))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_the_machine_is_measured_as_other_programs_measure_it(run, tmp_path, tools):
    facts = tmp_path / "facts.json"
    result = run("check", "--save", facts, "-o", "json", env=tools())
    got = json.loads(facts.read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+) kB", pathlib.Path("/proc/meminfo").read_text()).group(1)) * 1024
    assert got["cpu"]["usable"] == len(os.sched_getaffinity(0))
    assert got["cpu"]["cores"] == os.sysconf("SC_NPROCESSORS_ONLN")
    assert got["memory"]["total_bytes"] == memory
    assert got["kernel"]["version"] == os.uname().release
    assert got["cpu"]["architecture"] == os.uname().machine
    root = next(fs for fs in got["file_systems"] if fs["path"] == "/")
    assert root["total_bytes"] == os.statvfs("/").f_blocks * os.statvfs("/").f_frsize
    release = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().split("\n") if "=" in line)
    assert got["os"]["id"] == release["ID"].strip('"')
    for disk in got["disks"]:
        assert disk["size_bytes"] == int(pathlib.Path(f"/sys/block/{disk['name']}/size").read_text()) * 512
    report = json.loads(result.out)
    counts = [sum(line["verdict"] == v and line["asked"] for line in report["lines"]) for v in ("pass", "warn", "fail", "unknown")]
    assert counts == [report["pass"], report["warn"], report["fail"], report["unknown"]]
    assert result.code == (3 if report["fail"] else 0)
    assert all(line["remedy"] for line in report["lines"] if line["verdict"] != "pass")
    assert len({line["id"] for line in report["lines"]}) == len(report["lines"])


def test_saved_facts_say_the_same(run, tmp_path):
    for name in ("facts.yaml", "facts.json"):
        live = run("check", "--profile", "server-min", "--save", tmp_path / name, "-o", "json")
        again = run("check", "--profile", "server-min", "--facts", tmp_path / name, "-o", "json")
        assert lines(live) == lines(again)
        assert live.code == again.code
    printed = run("check", "--save", "-").ok().out
    assert printed.startswith("format: auto-devops/facts/v1\n")
    assert json.loads(run("check", "--save", "-", "-o", "json").ok().out)["format"] == "auto-devops/facts/v1"
    assert lines(run("check", "--facts", "-", "-o", "json", stdin=printed.encode()))


def test_programs_tell_their_versions(run, tools):
    env = tools(
        kubectl="""echo '{"clientVersion": {"gitVersion": "v1.33.1", "goVersion": "go1.24.2"}}'""",
        kind="echo 'kind v0.29.0 go1.24.2 linux/amd64'",
        podman="echo 'podman version 4.9.3'",
        go="echo 'go version go1.23.4 linux/amd64'",
        ollama="echo 'Warning: could not connect to a running Ollama instance' >&2; echo 'Warning: client version is 0.9.0' >&2",
        helm="echo v3.11.0+g472c573",
        pulumi="echo 'error: no such thing' >&2; exit 255",
        python3="exit 1",
        argocd="printf '\\033[2Jargocd: v3.0.2\\n'",
    )
    got = lines(run("check", "-o", "json", env=env))

    def told(tool):
        return got[f"tool/{tool}"]["verdict"], got[f"tool/{tool}"]["measured"]

    assert told("kubectl") == ("pass", "1.33.1")
    assert told("kind") == ("pass", "0.29.0")
    assert told("docker") == ("pass", "podman 4.9.3")
    assert told("go") == ("fail", "1.23.4")
    assert told("ollama") == ("pass", "0.9.0")
    assert told("helm") == ("warn", "3.11.0+g472c573")
    assert told("argocd") == ("pass", "3.0.2")
    # It is there and says no version: unknown. What is not there is missing.
    assert told("pulumi")[0] == "unknown"
    assert "no such thing" in got["tool/pulumi"]["why"]
    assert told("python")[0] == "unknown"
    assert told("mongodb") == ("warn", "not found")
    assert told("linkerd") == ("warn", "not found")


def test_a_program_that_hangs_or_never_stops_talking_is_ended(run, tools):
    # The PATH of the test itself: sleep and yes are needed.
    env = tools(kubectl="sleep 100", kind="exec yes kind")
    env["PATH"] += ":" + os.environ["PATH"]
    result = run("check", "-o", "json", env=env)
    got = lines(result)
    assert result.seconds < 20 * SLOW
    assert got["tool/kubectl"]["verdict"] == "unknown"
    assert got["tool/kind"]["verdict"] in ("unknown", "fail")
    assert got["tool/kind"]["measured"] != "not found"


def test_ctrl_c_ends_it_while_a_program_hangs(start, tools, home):
    env = tools(kubectl='touch "$HOME/started"; exec sleep 100')
    env["PATH"] += ":" + os.environ["PATH"]
    process = start("check", env=env)
    deadline = time.monotonic() + 10 * SLOW
    while not (home / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=4 * SLOW) == 130


def test_no_shell_is_between(run, tools, tmp_path):
    """Programs are started by name with fixed words; nothing of the environment becomes a command."""
    env = tools(kubectl='echo "$0 $@" >"$HOME/words"; echo v1.33.0')
    home = tmp_path / "a home; touch $(pwned)"
    home.mkdir()
    run("check", env={**env, "HOME": str(home), "SLACK_BOT_TOKEN": "$(touch pwned)"}, cwd=tmp_path)
    assert (home / "words").read_text().split(maxsplit=1)[1] == "version --client -o json\n"
    assert not list(tmp_path.rglob("pwned*"))


def test_who_holds_a_port(run, tools):
    for number in (8001, 8002, 3100, 3200, 9093, 4318):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", number))
            except OSError:
                continue
            s.listen(1)
            got = lines(run("check", "-o", "json", env=tools()))[f"port/{number}"]
            comm = pathlib.Path("/proc/self/comm").read_text().strip()
            assert got["measured"] == f"held by {comm} (process {os.getpid()})"
            assert got["verdict"] == "warn"
        # Other tests may take it at once.
        assert f"process {os.getpid()}" not in lines(run("check", "-o", "json", env=tools()))[f"port/{number}"]["measured"]
        return
    pytest.fail("every port was taken")


def test_a_service_of_the_settings_is_asked(run, tools, service):
    ollama, grafana = service((200, '{"version":"0.9.0"}')), service((500, "oh"))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        mongodb = f"mongodb://user:s3cret@127.0.0.1:{listener.getsockname()[1]},other:1/?replicaSet=rs0"
        env = {**tools(), "AUTO_DEVOPS_SERVICES_OLLAMA": ollama.url + "/", "AUTO_DEVOPS_SERVICES_GRAFANA": grafana.url}
        result = run("check", "-o", "json", env={**env, "AUTO_DEVOPS_SERVICES_MONGODB": mongodb})
    got = lines(result)
    assert (got["service/ollama"]["verdict"], got["service/ollama"]["measured"]) == ("pass", f"version 0.9.0 at {ollama.url}/api/version")
    assert ollama.paths == ["/api/version"]
    assert got["service/mongodb"]["verdict"] == "pass"
    assert got["service/grafana"]["verdict"] == "warn"
    assert "s3cret" not in result.out
    assert got["service/redis"]["asked"] is False


def test_a_service_in_its_usual_place_is_asked(run, tools, service):
    """Prometheus, say, when somebody listens on its port of this machine: what is there may be something else, so that is no failure."""
    places = {"prometheus": (9090, "/api/v1/status/buildinfo"), "ollama": (11434, "/api/version"), "grafana": (3000, "/api/health")}
    for answer, verdict in (((200, '{"version": "3.4.0"}'), "pass"), ((404, "not here"), "warn")):
        for name, (port, path) in places.items():
            # Whatever else runs on this machine: one of the places is free.
            try:
                one = service(answer, port)
            except OSError:
                continue
            got = lines(run("check", "-o", "json", env=tools()))[f"service/{name}"]
            one.close()
            if name == "grafana":
                # Its port is none of the specification's: it is asked only at an address of the settings.
                assert got["asked"] is False
            else:
                assert (got["asked"], got["verdict"]) == (True, verdict)
                assert one.paths == [path]
            break
        else:
            pytest.fail("every port was taken")


def test_a_service_that_does_not_answer_fails_in_time(run, tools, service):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{s.getsockname()[1]}"
    env = {**tools(), "AUTO_DEVOPS_SERVICES_PROMETHEUS": closed, "AUTO_DEVOPS_SERVICES_OLLAMA": service(None).url}
    result = run("check", "-o", "json", env=env)
    got = lines(result)
    assert result.code == 3
    assert result.seconds < 8 * SLOW
    for name in ("prometheus", "ollama"):
        assert got[f"service/{name}"]["verdict"] == "fail"
        assert got[f"service/{name}"]["why"]


def test_nobody_outside_is_asked_unless_told_to(run, tools, service, tmp_path):
    proxy = service((502, "no"))
    env = {**tools(), "HTTPS_PROXY": proxy.url, "HTTP_PROXY": proxy.url, "SLACK_BOT_TOKEN": "xoxb-not-a-real-token"}
    got = lines(run("check", "-o", "json", env=env))
    assert not proxy.paths
    assert got["service/github"]["asked"] is False
    facts = tmp_path / "facts.yaml"
    result = run("check", "--online", "--save", facts, "-o", "json", env=env)
    got = lines(result)
    assert sorted(set(proxy.paths)) == ["api.github.com:443", "slack.com:443"]
    assert got["service/github"]["verdict"] == "fail"
    assert got["service/slack"]["verdict"] == "fail"
    assert "xoxb" not in result.out + facts.read_text()


def test_python_packages_are_looked_for_when_asked(run, tools, tmp_path):
    # A file of this name in the folder must not be run.
    (tmp_path / "email.py").write_text("open('pwned', 'w')\n")
    (tmp_path / "importlib.py").write_text("open('pwned', 'w')\n")
    env = {"PATH": os.environ["PATH"]}
    got = lines(run("check", "-o", "json", env=env, cwd=tmp_path))
    assert got["python/packages"]["asked"] is False
    if shutil.which("python3"):
        got = lines(run("check", "--python", "-o", "json", env=env, cwd=tmp_path))
        assert got["python/fastapi"]["verdict"] in ("pass", "warn")
        assert "python/packages" not in got
    assert not (tmp_path / "pwned").exists()


def test_a_measured_disk_is_left_as_it_was(run, tools, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    got = lines(run("check", "--role", "mongodb", "--measure-disk", folder, "-o", "json", env=tools(), timeout=60))
    assert got["disk/sync"]["verdict"] in ("pass", "warn", "fail")
    assert str(folder) in got["disk/sync"]["measured"]
    assert not list(folder.iterdir())
    got = lines(run("check", "--role", "mongodb", "--measure-disk", tmp_path / "none", "-o", "json", env=tools()))
    assert got["disk/sync"]["verdict"] == "unknown"
    assert "No such file" in got["disk/sync"]["measured"]
    got = lines(run("check", "--role", "mongodb", "-o", "json", env=tools()))
    assert got["mongodb/disk-iops"]["asked"] is False


def open_files(process):
    for file in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            yield os.readlink(file)


def test_a_measurement_that_is_killed_leaves_nothing(start, tools, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    process = start("check", "--measure-disk", folder, env=tools())
    deadline = time.monotonic() + 20 * SLOW
    while not any("(deleted)" in name for name in open_files(process)):
        assert process.poll() is None and time.monotonic() < deadline, "its file is not open without a name"
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert not list(folder.iterdir())


def test_a_service_that_takes_the_connection_and_says_nothing(run, tools, home):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        config = home / "config.yaml"
        config.write_text(f"services:\n  ollama: {url}\n")
        result = run("check", "--config", config, "-o", "json", env=tools(), timeout=60)
        got = lines(result)["service/ollama"]
    assert (got["verdict"], got["measured"]) == ("fail", f"no answer from {url}/api/version"), got
    assert result.seconds < 20 * SLOW, result


@pytest.mark.parametrize("command", [["check", "--facts"], ["plan", "dev", "--prices"], ["generate", "dev", "--to", "tree", "--site"]])
def test_a_file_of_a_gigabyte_is_refused_unread(run, tmp_path, command):
    big = tmp_path / "big.yaml"
    with open(big, "wb") as file:
        file.truncate(1 << 30)
    result = run(*command, big, cwd=tmp_path)
    assert result.code == 1 and f"{big} is larger than the limit of " in result.err, result
    assert result.seconds < 5 * SLOW and not (tmp_path / "tree").exists(), result


def test_exit_codes(run):
    fit, warned, failed = (CASES / f"{name}.yaml" for name in ("laptop_recommended", "python_packages", "laptop_small"))
    assert run("check", "--facts", fit, "--strict").code == 0
    assert run("check", "--facts", warned).code == 0
    assert run("check", "--facts", warned, "--strict").code == 4
    assert run("check", "--facts", failed).code == 3
    assert run("check", "--facts", failed, "--strict").code == 3


def test_junit_is_xml(run):
    for strict in ([], ["--strict"]):
        for case in sorted(CASES.glob("*.yaml")):
            suite = ElementTree.fromstring(run("check", "--facts", case, "-o", "junit", *strict).out)
            cases = list(suite.iter("testcase"))
            assert len(cases) == int(suite.get("tests"))
            assert len([c for c in cases if c.find("failure") is not None]) == int(suite.get("failures"))
            assert len([c for c in cases if c.find("skipped") is not None]) == int(suite.get("skipped"))


def test_short_says_only_what_is_not_well(run):
    out = run("check", "--facts", CASES / "laptop_small.yaml", "-o", "short").out.split("\n")
    assert out[-2].startswith("not fit: ")
    assert out[:-2] and all(re.match(r"[‼×?] [a-z]+/[a-z0-9-]+: ", line) for line in out[:-2])


def test_hostile_facts_do_not_reach_the_terminal(run):
    for form in ("text", "short", "json", "junit"):
        out = run("check", "--facts", CASES / "hostile.yaml", "-o", form).out
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", out), form


def test_the_cluster_is_looked_at(run):
    result = run("check", "--cluster", "--from", DEMO, "-o", "json")
    got = lines(result)
    assert result.code == 3
    assert (got["cluster/version"]["verdict"], got["cluster/version"]["measured"]) == ("pass", "v1.37.2")
    assert got["cluster/workers"]["verdict"] == "fail"
    production = lines(run("check", "--cluster", "--profile", "server-min", "--from", DEMO, "-o", "json"))
    assert "cluster/storage-ai-fast" in production
    assert "cluster/gpu" in production
    kamaji = lines(run("check", "--cluster", "--profile", "kamaji-management", "--from", DEMO, "-o", "json"))
    assert "cluster/kamaji" in kamaji


def test_a_recording_that_lacks_things_is_unknown(run, tmp_path):
    path = tmp_path / "pods.yaml"
    path.write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: b}\n")
    result = run("check", "--cluster", "--profile", "server-min", "--from", path, "-o", "json")
    assert {line["verdict"] for line in lines(result).values()} == {"unknown"}
    assert result.code == 0
    assert run("check", "--cluster", "--profile", "server-min", "--from", path, "--strict").code == 4


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--profile", "laptop-minimum"], ["--profile", "laptop-min"]),
        (["--role", "scarlett"], ["scarlet"]),
        (["--ignore", "cpu/core"], ["cpu/cores"]),
        (["--facts", "/nonexistent"], ["/nonexistent"]),
        (["--facts", str(DEMO)], ["shop.snapshot"]),
        (["--from", str(DEMO)], ["--cluster"]),
        (["--cluster", "--facts", "x"], ["--facts"]),
        (["--cluster", "--measure-disk", "/tmp"], ["--measure-disk"]),
        (["--facts", "x", "--online"], ["--online"]),
        (["--save", "/nonexistent/facts.yaml"], ["/nonexistent"]),
        (["laptop-min"], ["laptop-min"]),
    ],
)
def test_wrong_calls_say_what_is_wrong(run, tools, arguments, words):
    result = run("check", *arguments, env=tools())
    result.failed(1 if "/nonexistent" in "".join(arguments) else 2, *words)
