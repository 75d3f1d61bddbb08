"""Bad input files: each gets a clear error that names the file, exit code 2, and no crash."""

import gzip
import io
import json
import os
import subprocess
import tarfile

import pytest
import samples
from conftest import SLOW, peak_memory_kib

DEEP = 100_000


def deep_json():
    return b'{"apiVersion":"v1","kind":"List","items":' + b"[" * DEEP + b"]" * DEEP + b"}"


def deep_yaml():
    return b"a: " + b"[" * DEEP + b"]" * DEEP + b"\n"


def alias_bomb():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    return ("\n".join(lines) + "\nkind: Pod\n").encode()


def tar_with_parent_path():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        data = json.dumps(samples.list_of(samples.pod())).encode()
        for name in ("../../evil.json", "/etc/evil.json"):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def gzip_bomb():
    """A gigabyte of blanks in a megabyte."""
    return gzip.compress(b"\0" * (1 << 28), 9)


GOOD = json.dumps(samples.list_of(samples.pod(), samples.crashing_pod())).encode()

BAD = {
    "empty": b"",
    "blank": b"  \n\n",
    "truncated.json": GOOD[: len(GOOD) * 2 // 3],
    "truncated-string.json": GOOD[: GOOD.index(b"shop") + 2],
    "wrong-top.json": b"[1, 2, 3]",
    "number.json": b"42",
    "null.json": b"null",
    "items-object.json": b'{"apiVersion":"v1","kind":"List","items":{"a":1}}',
    "items-numbers.json": b'{"apiVersion":"v1","kind":"List","items":[1,2,3]}',
    "no-kind.json": b'{"apiVersion":"v1","items":[{"metadata":{"name":"x"}}]}',
    "deep.json": deep_json(),
    "deep.yaml": deep_yaml(),
    "alias-bomb.yaml": alias_bomb(),
    "bad.yaml": b"kind: Pod\n  metadata: [\n",
    "tabs.yaml": b"kind: Pod\n\tmetadata: x\n",
    "binary": bytes(range(256)) * 64,
    "elf": b"\x7fELF" + bytes(1000),
    "png": b"\x89PNG\r\n\x1a\n" + bytes(1000),
    "text": b"hello, I am not a cluster\n",
    "html": b"<!doctype html><html><body>Sign in</body></html>",
    "truncated.gz": gzip.compress(GOOD)[:-20],
    "truncated.tgz": tar_with_parent_path()[:100],
    "zstd-magic": b"\x28\xb5\x2f\xfd" + b"\xff" * 64,
    "zstd-short": b"\x28\xb5\x2f\xfd",
    "gzip-bomb.gz": gzip_bomb(),
}

LIMITED = ("deep.yaml", "alias-bomb.yaml")

# Damaged, but it may be read as far as it goes: only crashes, hangs and silent success with nothing read are wrong.
ODD = {
    "not-utf8.json": GOOD.replace(b"shop", b"sh\xff\xfe"),
    "not-utf8.yaml": b"apiVersion: v1\nkind: Pod\nmetadata: {name: \xff\xfe, namespace: b}\n",
    "nul.json": GOOD.replace(b"web-1", b"web\\u0000x"),
    "escape-sequences.json": GOOD.replace(b"api-1", b"api\\u001b[31mred\\u001b]0;title\\u0007"),
    "half-surrogate.json": GOOD.replace(b"web-1", b"\\ud800x"),
    "bom.json": b"\xef\xbb\xbf" + GOOD,
    "crlf.yaml": b"apiVersion: v1\r\nkind: Pod\r\nmetadata:\r\n  name: x\r\n  namespace: y\r\n",
    "wrong-types.json": json.dumps(
        samples.list_of(
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": 5, "namespace": []}, "spec": "x", "status": [1]},
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "a", "namespace": "b", "labels": "x", "ownerReferences": {"a": 1}},
                "spec": {"containers": {}},
            },
            {"apiVersion": "v1", "kind": "Pod", "metadata": "x"},
            {"apiVersion": "v1", "kind": "Pod"},
            {"apiVersion": 3, "kind": "Pod", "metadata": {"name": "a"}},
        )
    ).encode(),
    "huge-numbers.json": GOOD.replace(b'"restartCount": 7', b'"restartCount": 99999999999999999999999999'),
    "long-name.json": GOOD.replace(b"api-1", b"a" * 1_000_000),
    "same-twice.json": json.dumps(samples.list_of(samples.pod(), samples.pod())).encode(),
    "duplicate-keys.json": b'{"kind":"List","apiVersion":"v1","items":[],"items":[{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","name":"b"}}]}',
    "evil.tgz": tar_with_parent_path(),
    "own-owner.json": json.dumps(
        samples.list_of(
            {
                **samples.crashing_pod(),
                "metadata": {
                    "name": "a",
                    "namespace": "b",
                    "uid": "u",
                    "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "u", "controller": True}],
                },
            }
        )
    ).encode(),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_file(run, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(BAD[name])
    result = run("scan", "--from", path)
    # A stated limit that was exceeded is a failure of its own kind.
    result.failed(1 if name in LIMITED else 2, name)
    assert result.out == "", result


@pytest.mark.parametrize("name", ODD)
def test_odd_file(run, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(ODD[name])
    result = run("scan", "--from", path)
    assert result.code in (0, 2), result
    assert result.out.strip() or result.err.strip(), result
    assert "\x1b" not in result.out, result
    assert not (tmp_path.parent / "evil.json").exists()


def test_bad_file_on_standard_input(run):
    run("scan", "--from", "-", stdin=b'{"items":[').failed(2)
    run("scan", "--from", "-", stdin=b"").failed(2)


def test_good_file_on_standard_input(run):
    result = run("scan", "--from", "-", "-o", "lines", stdin=GOOD).ok()
    assert "Pod shop/api-1" in result.out, result


def test_missing_file(run, tmp_path):
    run("scan", "--from", tmp_path / "nothing.json").failed(2, "nothing.json", "no such file")


def test_unreadable_file(run, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    path = tmp_path / "locked.json"
    path.write_bytes(GOOD)
    path.chmod(0)
    run("scan", "--from", path).failed(2, "locked.json", "permission")


def test_empty_folder(run, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    run("scan", "--from", folder).failed(2, "folder")


def test_folder_of_other_things(run, tmp_path):
    folder = tmp_path / "folder"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "notes.txt").write_text("hello")
    (folder / "image.png").write_bytes(BAD["png"])
    run("scan", "--from", folder).failed(2, "folder")


def test_folder_that_links_to_itself(run, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "self").symlink_to(folder)
    (folder / "pods.json").write_bytes(GOOD)
    result = run("scan", "--from", folder, "-o", "lines").ok()
    assert "Pod shop/api-1" in result.out, result


def test_a_device_or_a_pipe_is_not_waited_for(run, tmp_path):
    run("scan", "--from", "/dev/null").failed(2)
    result = run("scan", "--from", "/dev/zero")
    assert result.code == 2, result


def test_huge_list_is_read_in_little_memory(start):
    """The List is split into its items while it is read: memory does not grow with the size of the text."""
    process = start("scan", "--from", "-", "-o", "lines", stdin=subprocess.PIPE)
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}, "data": {"k": "x" * 20_000}}
    process.stdin.write(b'{"apiVersion":"v1","kind":"List","items":[')
    for i in range(5000):
        config["metadata"]["name"] = f"c{i}"
        process.stdin.write(json.dumps(config).encode() + b",")
    process.stdin.write(json.dumps(samples.crashing_pod()).encode() + b"]}")
    process.stdin.flush()
    peak = peak_memory_kib(process.pid)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert b"Pod shop/api-1" in out
    if SLOW == 1:
        assert peak < 60 * 1024, f"{peak} KiB for 100 MB of text"


@pytest.mark.parametrize("step", range(0, 40))
def test_every_cut(run, tmp_path, step):
    """A file cut anywhere is an error, never half an answer."""
    at = len(GOOD) * (step + 1) // 41
    path = tmp_path / "cut.json"
    path.write_bytes(GOOD[:at])
    result = run("scan", "--from", path)
    assert result.code == 2, result
