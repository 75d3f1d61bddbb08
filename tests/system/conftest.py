"""Fixtures for tests of the built program from outside. The program's path comes in AUTO_DEVOPS."""

import os
import pathlib
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("AUTO_DEVOPS", str(ROOT / "build" / "auto-devops"))
# Sanitized builds are this many times slower.
SLOW = float(os.environ.get("AUTO_DEVOPS_SLOW", "1"))
# The longest message for a wrong call is the list of all commands.
USAGE_LINES = 32


class Result:
    """What a run of the program said."""

    def __init__(self, command, code, out, err, seconds):
        self.command, self.code, self.seconds = command, code, seconds
        self.out, self.err = out.decode("utf-8", "replace"), err.decode("utf-8", "replace")

    def __repr__(self):
        return f"{' '.join(map(str, self.command))}\nexit {self.code} after {self.seconds:.2f} s\n-- out --\n{self.out[-3000:]}\n-- err --\n{self.err[-6000:]}"

    def ok(self):
        assert self.code == 0, self
        return self

    def failed(self, code, *words):
        """The program ended by itself with this code and said all these words, in one short message."""
        assert self.code == code, self
        assert_no_crash(self)
        for word in words:
            assert str(word).lower() in self.err.lower(), f"'{word}' is not in the message\n{self}"
        assert self.err.strip(), self
        assert self.err.count("\n") <= USAGE_LINES, self
        return self


def peak_memory_kib(pid):
    """What the program itself held at the most so far; not ru_maxrss, which begins with what the test's own process holds at the fork."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next((int(line.split()[1]) for line in f if line.startswith("VmHWM:")), 0)


def assert_no_crash(result):
    assert result.code >= 0, f"killed by signal {-result.code}\n{result}"
    for sign in ("AddressSanitizer", "LeakSanitizer", "runtime error:", "ThreadSanitizer", "Assertion", "ERR_INTERNAL"):
        assert sign not in result.err, result


@pytest.fixture
def home(tmp_path):
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def environment(home):
    """A clean environment: no kubeconfig, no colour, no configuration of whoever runs the tests."""
    keep = {
        k: v
        for k, v in os.environ.items()
        if k in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS", "LD_LIBRARY_PATH")
    }
    return {**keep, "HOME": str(home), "TZ": "UTC", "LC_ALL": "C.UTF-8", "TERM": "dumb"}


@pytest.fixture
def start(environment):
    """start(arguments..., **Popen options): the running program; killed when the test ends."""
    running = []

    def start(*arguments, env=None, **options):
        for stream in ("stdin", "stdout", "stderr"):
            options.setdefault(stream, subprocess.DEVNULL if stream == "stdin" else subprocess.PIPE)
        process = subprocess.Popen([PROGRAM, *map(str, arguments)], env={**environment, **(env or {})}, **options)
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def run(start):
    """run(arguments..., stdin=bytes, env={}, timeout=seconds): a Result."""

    def run(*arguments, stdin=None, env=None, timeout=20, **options):
        if stdin is not None:
            options["stdin"] = subprocess.PIPE
        began = time.monotonic()
        process = start(*arguments, env=env, **options)
        try:
            out, err = process.communicate(stdin, timeout=timeout * SLOW)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            pytest.fail(f"still running after {timeout * SLOW} s: {Result(process.args, -9, out or b'', err or b'', timeout)}")
        result = Result(process.args, process.returncode, out or b"", err or b"", time.monotonic() - began)
        if result.code >= 0:
            assert_no_crash(result)
        return result

    return run


@pytest.fixture
def kubeconfig(tmp_path):
    """kubeconfig(url): the path of a file whose current context points there."""

    def make(url, name="kubeconfig"):
        path = tmp_path / name
        path.write_text(
            f"""apiVersion: v1
kind: Config
current-context: test
clusters:
- name: test
  cluster:
    server: {url}
users:
- name: tester
  user:
    token: not-a-real-token
contexts:
- name: test
  context:
    cluster: test
    user: tester
"""
        )
        return path

    return make


@pytest.fixture(autouse=True)
def no_cores():
    """A crash is reported, not kept."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
