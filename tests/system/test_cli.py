"""Settings, output shapes, completion and chat."""

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import termios
import time

import pytest
import samples
from conftest import PROGRAM, SLOW

HOSTILE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


@pytest.fixture
def sick(tmp_path):
    return samples.sick_file(tmp_path / "sick.json")


@pytest.fixture
def hostile(tmp_path):
    pod = samples.crashing_pod(name="x\x1b[2J\u202eevil\n")
    pod["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "CrashLoopBackOff", "message": "\x9b31m \x1b]0;title\x07"}}
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps(samples.list_of(pod)))
    return path


def config_file(home, text):
    path = home / ".config/auto-devops/config.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def settings(result):
    return {s["name"]: s for s in json.loads(result.ok().out)["settings"]}


def test_a_flag_beats_the_environment_beats_the_file(run, home):
    path = config_file(home, "cluster:\n  parallel: 2\n  # longer\n  request-timeout: 5s\n")
    got = settings(run("config", "show", "-o", "json", env={"AUTO_DEVOPS_CLUSTER_PARALLEL": "3"}))
    assert got["cluster.parallel"]["value"] == "3"
    assert got["cluster.parallel"]["where"] == "AUTO_DEVOPS_CLUSTER_PARALLEL"
    assert got["cluster.request-timeout"]["where"] == f"{path}:4"
    assert got["output.colour"]["origin"] == "default"
    got = settings(run("config", "show", "-o", "json", "--parallel=4", env={"AUTO_DEVOPS_CLUSTER_PARALLEL": "3"}))
    assert (got["cluster.parallel"]["value"], got["cluster.parallel"]["origin"]) == ("4", "flag")


@pytest.mark.parametrize(
    "text, words",
    [
        ("cluster:\n  paralel: 3\n", ["config.yaml:2", "cluster.parallel"]),
        ("output:\n\n  colour: red\n", ["config.yaml:3", "auto, always or never"]),
        ("colour: never\n", ["config.yaml:1", "output.colour"]),
        ("cluster:\n  parallel: 99\n", ["config.yaml:2", "from 1 to 32"]),
        ("cluster:\n  parallel: [1]\n", ["config.yaml:2", "single value"]),
        ("cluster: [\n", ["config.yaml:"]),
        ("- cluster\n", ["config.yaml", "sections"]),
        ("a: &a [*a]\n", ["config.yaml"]),
        ("\x00\xff", ["config.yaml"]),
    ],
    ids=["unknown", "choice", "no section", "range", "list", "no yaml", "no sections", "itself", "bytes"],
)
def test_a_wrong_file_is_explained_and_stops_every_command(run, home, sick, text, words):
    path = config_file(home, text)
    run("config", "check").failed(2, *words)
    run("config", "check", path).failed(2, *words)
    run("scan", "--from", sick).failed(2, *words)
    run("config", "show").failed(2, *words)
    run("help").ok()
    run("version").ok()


def test_a_wrong_variable_names_itself(run, sick):
    run("scan", "--from", sick, env={"AUTO_DEVOPS_LOG_LEVEL": "loud"}).failed(2, "AUTO_DEVOPS_LOG_LEVEL", "loud")
    # A Service called auto-devops makes such variables in every pod beside it.
    run("scan", "--from", sick, env={"AUTO_DEVOPS_PORT": "tcp://10.0.0.1:80"}).ok()


def test_a_missing_file_is_only_an_error_when_it_was_named(run, sick, tmp_path):
    run("scan", "--from", sick).ok()
    run("scan", "--from", sick, "--config", tmp_path / "none.yaml").failed(1, "none.yaml")


def test_json_has_the_documented_members(run, sick):
    scan = json.loads(run("scan", "--from", sick, "-o", "json").ok().out)
    assert scan["format"] == "auto-devops/scan/v1"
    assert set(scan) >= {"cluster", "verdict", "why", "causes", "lesser", "recovered", "notes"}
    cause = scan["causes"][0]
    assert set(cause) >= {
        "rank",
        "check",
        "severity",
        "state",
        "title",
        "confidence",
        "affects",
        "chain",
        "root",
        "explains",
        "changes",
        "fix",
    }
    assert cause["root"]["evidence"], cause
    for fact in cause["root"]["evidence"]:
        assert fact["type"] in ("field", "event", "log", "absence", "external")
    why = json.loads(run("why", "pod/api-1", "-n", "shop", "--from", sick, "-o", "json").ok().out)
    assert why["format"] == "auto-devops/why/v1"
    assert why["object"] == {"kind": "Pod", "namespace": "shop", "name": "api-1", "seen": True}
    assert why["causes"][0]["root"]["check"] == cause["root"]["check"]
    answer = json.loads(run("ask", "what is wrong?", "--from", sick, "-o", "json").ok().out)
    assert answer["format"] == "auto-devops/answer/v1"
    assert answer["kind"] == "answer"
    assert answer["evidence"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["scan"],
        ["scan", "-o", "wide", "--all", "--history"],
        ["scan", "-o", "lines"],
        ["scan", "-o", "json"],
        ["ask", "what is wrong?"],
        ["ask", "list the pods", "-o", "json"],
    ],
    ids=" ".join,
)
def test_nothing_in_a_cluster_acts_on_the_terminal(run, hostile, arguments):
    out = run(*arguments, "--from", hostile).ok().out
    assert "evil" in out
    assert not HOSTILE.search(out), out


def test_names_in_errors_are_harmless_too(run, hostile):
    result = run("why", "pod/\x1b[2Jx", "--from", hostile)
    assert result.code != 0
    assert not HOSTILE.search(result.err), result.err


def test_a_namespace_that_is_not_there_is_not_healthy(run, sick):
    run("scan", "-n", "shpo", "--from", sick).failed(1, "shop")


def test_the_name_of_an_object_is_no_misspelt_namespace(run):
    """Two random names of a run on a real cluster were this near to each other."""
    objects = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "magpie-cinder"}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "onyx"}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "magpie-index", "namespace": "onyx"},
            "spec": {"ports": [{"port": 80}]},
        },
    ]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}).encode()
    answer = run("ask", "--from", "-", "what changed in magpie-index?", stdin=text).ok().out
    assert "onyx/magpie-index" in answer and "namespace magpie-cinder" not in answer, answer


def test_flags_that_contradict(run, sick):
    run("scan", "--from", sick, "--context", "x").failed(2, "--context")
    run("scan", "--from", sick, "-n", "shop", "-A").failed(2, "--all-namespaces")
    run("scan", "--now", "2026-01-01T00:00:00Z").failed(2, "--from")


def test_as_a_kubectl_plugin(run, tmp_path, environment):
    plugin, complete = tmp_path / "kubectl-jamie", tmp_path / "kubectl_complete-jamie"
    plugin.symlink_to(PROGRAM)
    complete.symlink_to(PROGRAM)
    assert "kubectl jamie scan" in os.popen(f"{plugin} help scan").read()
    lines = os.popen(f"{complete} scan --fail-on er").read().split("\n")
    assert lines[:2] == ["error", ":4"]


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_does_not_complete_twice_what_stands_before_an_equals_sign():
    """Readline takes the words apart at "=": only what follows is to be completed."""
    folder = os.path.dirname(PROGRAM)
    script = """source <(auto-devops completion bash)
for line in 'auto-devops logs --level=d' 'auto-devops scan --by ' 'auto-devops why certif'; do
    COMP_LINE=$line COMP_POINT=${#line} COMPREPLY=()
    _auto_devops 2>/dev/null
    printf '%s\n' "${COMPREPLY[*]}"
done"""
    answer = subprocess.run(
        ["bash", "--norc", "-c", script], env={"PATH": f"{folder}:{os.environ['PATH']}"}, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "debug\nnamespace\ncertificaterequest/ certificate/\n"


def test_contexts_are_completed(run, kubeconfig):
    path = kubeconfig("https://127.0.0.1:1")
    assert run("__complete", "--", "scan", "--context", "", env={"KUBECONFIG": str(path)}).ok().out == "test\n"
    assert run("__complete", "--", "scan", "--context=t", env={"KUBECONFIG": str(path)}).ok().out == "--context=test\n"


class Chat:
    """A person at a terminal."""

    def __init__(self, environment, *arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(PROGRAM, [PROGRAM, "chat", *map(str, arguments)], {**environment, "TERM": "xterm"})
        self.seen = b""

    def prompted(self):
        """Until a prompt stands there and keys are read one by one; libedit prints it a moment before."""
        self.until("you> ")
        while termios.tcgetattr(self.fd)[3] & termios.ICANON:
            time.sleep(0.01)
        return self

    def until(self, word, seconds=20):
        end = time.monotonic() + seconds * SLOW
        while word not in self.seen.decode("utf-8", "replace"):
            assert time.monotonic() < end, f"{word!r} did not come: {self.seen!r}"
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.fd, 65536)
                except OSError:
                    break
        return self

    def type(self, text):
        self.seen = b""
        os.write(self.fd, text.encode())
        return self

    def ended(self):
        end = time.monotonic() + 10 * SLOW
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.05)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise AssertionError(f"chat did not end: {self.seen!r}")


def test_chat_remembers_its_lines(environment, home, sick):
    chat = Chat(environment, "--from", sick).prompted()
    chat.type("how many pods are there?\r").until("Pod").prompted()
    chat.type("\x04")
    assert chat.ended() == 0
    history = home / ".cache/auto-devops/chat-history"
    assert history.stat().st_mode & 0o777 == 0o600
    chat = Chat(environment, "--from", sick).prompted()
    chat.type("\x1b[A").until("how many pods are there?")
    chat.type("\r").until("Pod").prompted()
    chat.type("/quit\r")
    assert chat.ended() == 0


def test_chat_and_ctrl_c(environment, sick):
    chat = Chat(environment, "--from", sick).prompted()
    chat.type("half a li").until("half a li")
    chat.type("\x03").prompted()  # drops the line
    chat.type("/help\r").until("plain English").prompted()
    chat.type("\x03")  # at an empty line: leaves
    assert chat.ended() == 0


def test_chat_from_a_pipe(run, sick):
    result = run("chat", "--from", sick, stdin=b"how many pods are there?\n\n/nonsense\nbye\nnever reached\n").ok()
    assert "Pod" in result.out
    assert "/quit" in result.out
    run("chat", "--from", "-", stdin=b"x").failed(2, "standard input")
