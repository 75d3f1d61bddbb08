"""kill -9 at any moment: no file is ever half-written, and commands that only print leave no file at all. (`snapshot`: test_snapshot.py.)"""

import signal
import time

import pytest
import samples
from conftest import SLOW
from live import LiveApi

STEPS = 8


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20 * SLOW)
    assert process.returncode in (0, -signal.SIGKILL), process.returncode


@pytest.fixture
def places(home, tmp_path):
    """(options of a run whose folders are all empty, what files are in them now)"""
    folders = [home, tmp_path / "here", tmp_path / "temporary"]
    for folder in folders[1:]:
        folder.mkdir()
    options = {"cwd": folders[1], "env": {"TMPDIR": str(folders[2])}}
    return options, lambda: [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def at_all_times(start, run, options, *arguments):
    """Kills the command at moments spread over its whole run, one after the other."""
    began = time.monotonic()
    run(*arguments, **options).ok()
    whole = time.monotonic() - began
    for step in range(STEPS):
        process = start(*arguments, **options)
        time.sleep(whole * (step + 0.5) / STEPS)
        kill(process)
        yield


@pytest.mark.parametrize("form,end,old", [("html", "</html>", None), ("json", "}", "what was there\n")])
def test_report(start, run, tmp_path, places, form, end, old):
    big = samples.sick_file(tmp_path / "big.json", copies=1500)
    options, _ = places
    out = tmp_path / "here" / "page"
    whole = None
    for _ in at_all_times(start, run, options, "report", "--force", "--from", big, "--now", samples.NOW, "-o", form, out):
        if whole is None:  # of the run before the first that was killed, or already of that one
            whole = len(run("report", "--from", big, "--now", samples.NOW, "-o", form).ok().out.encode())
        if out.exists() and out.read_text() != old:
            assert out.stat().st_size == whole and out.read_text().rstrip().endswith(end)
        out.unlink(missing_ok=True)
        if old:
            out.write_text(old)


def test_logs(start, run, tmp_path, places):
    log = tmp_path / "app.log"
    log.write_text(samples.log_lines(200000))
    options, files = places
    for _ in at_all_times(start, run, options, "logs", log):
        assert files() == []


def test_diff(start, run, tmp_path, places):
    before, after = samples.sick_file(tmp_path / "a.json"), samples.sick_file(tmp_path / "b.json", copies=1500)
    options, files = places
    for _ in at_all_times(start, run, options, "diff", before, after):
        assert files() == []


def test_watch(start, kubeconfig, places):
    options, files = places
    with LiveApi({"pods": [samples.pod(), samples.crashing_pod()], "nodes": [samples.node()], "namespaces": [samples.namespace()]}) as api:
        options["env"]["KUBECONFIG"] = str(kubeconfig(api.url))
        for step in range(STEPS):
            process = start("watch", **options)
            time.sleep(0.1 * SLOW * step)
            kill(process)
            assert files() == []
