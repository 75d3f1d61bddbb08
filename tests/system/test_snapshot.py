"""Snapshots: nothing is lost and nothing half-written, whatever happens while one is made."""

import json
import os
import signal
import subprocess
import time

import pytest
import samples
from conftest import SLOW

SECRETS = ["hunter2-value", "c3VwZXItc2VjcmV0LXZhbHVl", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "AKIAIOSFODNN7EXAMPLE"]


def secretive():
    """Objects with things in them that must not be written."""
    pod = samples.crashing_pod()
    pod["spec"]["containers"][0]["env"] = [{"name": "DB_PASSWORD", "value": SECRETS[0]}, {"name": "GITHUB_TOKEN", "value": SECRETS[2]}]
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "shop"},
        "type": "Opaque",
        "data": {"password": SECRETS[1]},
    }
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": "shop"},
        "data": {"app.ini": f"user=app\npassword={SECRETS[0]}\naws_access_key_id={SECRETS[3]}\n"},
    }
    return samples.list_of(samples.namespace(), samples.node(), samples.pod(), pod, secret, config)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "input.json"
    path.write_text(json.dumps(secretive()))
    return path


def test_round_trip(run, source, tmp_path):
    out = tmp_path / "a.snapshot"
    run("snapshot", "--from", source, "-o", out).ok()
    again = tmp_path / "b.snapshot"
    run("snapshot", "--from", out, "-o", again).ok()
    answers = [run("scan", "--from", path, "-o", "lines", "--now", samples.NOW).ok().out for path in (source, out, again)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]


def test_the_same_bytes_each_time(run, tmp_path):
    """What was listed where is told in the order of names, however the namespaces were collected."""
    source, out = tmp_path / "pods.json", tmp_path / "a.snapshot"
    source.write_text(json.dumps(samples.list_of(*(samples.pod("web-1", f"team-{i}") for i in range(9)))))
    written = set()
    for _ in range(3):
        run("snapshot", "--force", "--from", source, "-o", out).ok()
        written.add(out.read_bytes())
    assert len(written) == 1


def test_no_secret_is_written(run, source, tmp_path):
    import shutil

    out = tmp_path / "a.snapshot"
    run("snapshot", "--from", source, "-o", out).ok()
    data = out.read_bytes()
    if shutil.which("zstd"):
        data += subprocess.run(["zstd", "-dcq", str(out)], capture_output=True, check=False).stdout
    for text in (
        data.decode("latin-1"),
        run("scan", "--from", out, "-o", "json").ok().out,
        run("ask", "show the logs of api-1", "--from", source).out,
    ):
        for secret in SECRETS:
            assert secret not in text


def test_a_masked_value_survives_no_output(run, source):
    """Answers from the raw file hide them too."""
    for arguments in (["scan", "-o", "json"], ["why", "pod/api-1", "-n", "shop"]):
        out = run(*arguments, "--from", source).ok().out
        for secret in SECRETS:
            assert secret not in out


def test_file_mode(run, source, tmp_path):
    out = tmp_path / "a.snapshot"
    run("snapshot", "--from", source, "-o", out).ok()
    assert out.stat().st_mode & 0o077 == 0, oct(out.stat().st_mode)


@pytest.mark.parametrize("cut", [1, 3, 10, 50, 90, 99])
def test_truncated_snapshot(run, source, tmp_path, cut):
    out = tmp_path / "a.snapshot"
    run("snapshot", "--from", source, "-o", out).ok()
    data = out.read_bytes()
    out.write_bytes(data[: len(data) * cut // 100])
    run("scan", "--from", out).failed(2, "a.snapshot")


def test_damaged_snapshot(run, source, tmp_path):
    """A flipped byte is noticed (zstd checksums), never a different answer."""
    out = tmp_path / "a.snapshot"
    run("snapshot", "--from", source, "-o", out).ok()
    good = run("scan", "--from", out, "-o", "lines", "--now", samples.NOW).ok().out
    data = out.read_bytes()
    for i in range(0, len(data), max(1, len(data) // 25)):
        out.write_bytes(data[:i] + bytes([data[i] ^ 0x41]) + data[i + 1 :])
        result = run("scan", "--from", out, "-o", "lines", "--now", samples.NOW)
        assert result.code == 2 or result.out == good, result


def test_snapshot_into_a_missing_folder(run, source, tmp_path):
    result = run("snapshot", "--from", source, "-o", tmp_path / "no" / "such" / "a.snapshot")
    assert result.code in (1, 2), result
    assert "such" in result.err, result


def test_an_old_file_is_not_replaced_unasked(run, source, tmp_path):
    out = tmp_path / "a.snapshot"
    out.write_text("old")
    run("snapshot", "--from", source, "-o", out).failed(2, "--force")
    assert out.read_text() == "old"
    run("snapshot", "--force", "--from", source, "-o", out).ok()
    run("scan", "--from", out).ok()


def test_snapshot_needs_an_output(run, source):
    run("snapshot", "--from", source).failed(2, "-o")


@pytest.mark.skipif(os.geteuid() != 0, reason="a full disk is made with mount, as root")
def test_full_disk(run, tmp_path):
    """No file is left on a full disk, and the old one stays as it was."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)], check=False, capture_output=True).returncode != 0:
        pytest.skip("no tmpfs can be mounted here")
    try:
        big = tmp_path / "big.json"
        objects = [samples.crashing_pod(f"p{i}-{os.urandom(40).hex()}") for i in range(2000)]
        big.write_text(json.dumps(samples.list_of(*objects)))
        run("snapshot", "--from", big, "-o", disk / "a.snapshot").failed(1, "no space left")
        assert list(disk.iterdir()) == []
        old = disk / "old.snapshot"
        old.write_bytes(b"old")
        run("snapshot", "--force", "--from", big, "-o", old).failed(1, "no space left")
        assert old.read_bytes() == b"old"
        assert list(disk.iterdir()) == [old]
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_killed_while_writing(start, run, tmp_path, how):
    """Whenever it is killed, the file that was there is whole: the old one or the new one."""
    big = samples.sick_file(tmp_path / "big.json", copies=3000)
    folder = tmp_path / "out"
    folder.mkdir()
    out = folder / "a.snapshot"
    run("snapshot", "--from", big, "-o", out).ok()
    began = time.monotonic()
    run("snapshot", "--force", "--from", big, "-o", out).ok()
    whole = time.monotonic() - began
    good = run("scan", "--from", out, "-o", "lines", "--now", samples.NOW).ok().out
    for step in range(12):
        process = start("snapshot", "--force", "--from", big, "-o", out)
        time.sleep(whole * (step + 0.5) / 12)
        process.send_signal(how)
        process.communicate(timeout=20 * SLOW)
        assert process.returncode in (0, -how, 130, 143), process.returncode
        assert run("scan", "--from", out, "-o", "lines", "--now", samples.NOW).ok().out == good
        if how != signal.SIGKILL:
            assert list(folder.iterdir()) == [out]
