"""`logs`: files of any size in bounded memory, packed ones, standard input, a live pod streamed, Ctrl-C and a reader that goes away."""

import gzip
import json
import os
import signal
import subprocess
import time

import pytest
import samples
from conftest import SLOW, peak_memory_kib
from servers import FakeApi
from servers import response as servers_response

MIB = 1 << 20
# The program itself, its libraries, and LOG_MINE_MEMORY.
PEAK_MIB = 40 if SLOW == 1 else 600


def peak_mib(process):
    peak = 0
    while process.poll() is None:
        peak = max(peak, peak_memory_kib(process.pid))
        time.sleep(0.01)
    assert peak
    return peak / 1024


def big_file(path, size):
    block = samples.log_lines(20000).encode()
    with open(path, "wb") as f:
        for _ in range(size // len(block) + 1):
            f.write(block)
    return path


def test_big_file_in_bounded_memory(start, tmp_path):
    path = big_file(tmp_path / "big.log", 300 * MIB)
    for arguments in (["logs", path], ["logs", path, "--level", "error", "--by", "template"]):
        with open(tmp_path / "out", "wb") as out:
            process = start(*arguments, stdout=out)
            peak = peak_mib(process)
        assert process.returncode == 0
        assert peak < PEAK_MIB, f"{arguments[2:]}: {peak} MiB"
    path.unlink()


def test_every_line_different_in_bounded_memory(start, tmp_path):
    path = tmp_path / "odd.log"
    letters = "abcdefghij"
    with open(path, "w") as f:
        for i in range(600000):
            word = "".join(letters[int(c)] for c in str(i))
            f.write(f"INFO {word} says {word[::-1]} to {word}{word} again and again and again\n")
    process = start("logs", path, stdout=subprocess.DEVNULL)
    assert peak_mib(process) < PEAK_MIB
    assert process.returncode == 0


def test_packed_files_and_standard_input_say_the_same(run, tmp_path):
    text = samples.log_lines(500).encode()
    (tmp_path / "a.log").write_bytes(text)
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(text))
    subprocess.run(["zstd", "-q", tmp_path / "a.log"], check=True)
    results = [json.loads(run("logs", tmp_path / name, "-o", "json").ok().out) for name in ("a.log", "a.log.gz", "a.log.zst")]
    results.append(json.loads(run("logs", "-", "-o", "json", stdin=text).ok().out))
    for result in results:
        result.pop("logs")
        assert result == results[0]
    shapes = results[0]["shapes"]
    assert [(s["count"], s["error"]) for s in shapes] == [(490, False), (10, True)]
    assert shapes[1]["signature"] == "log/connection-refused"
    assert shapes[1]["peer"] == "orders-db:5432"
    assert shapes[1]["firstLine"] == 50


def test_counts(run, tmp_path):
    (tmp_path / "a.log").write_text(samples.log_lines(500))
    assert run("logs", tmp_path / "a.log", "--count").ok().out == "500\n"
    assert run("logs", tmp_path / "a.log", "--grep", "refused", "--count").ok().out == "10\n"
    assert run("logs", tmp_path / "a.log", "--level", "error", "--count", "--since", "2026-11-20T11:05:00Z").ok().out == "4\n"
    by_minute = run("logs", tmp_path / "a.log", "--by", "minute").ok().out.splitlines()
    assert [line.split() for line in by_minute[:2]] == [["60", "2026-11-20T11:00:00Z"], ["60", "2026-11-20T11:01:00Z"]]
    late = run("logs", tmp_path / "a.log", "--count", "--since", "2026-11-20T10:00:00Z").ok()
    assert "does not reach back" in late.err
    run("logs", tmp_path / "a.log", "--status", "5yy").failed(2, "5yy")
    run("logs", tmp_path / "a.log", "--since", "yesterdayish").failed(2, "yesterdayish")
    run("logs", tmp_path / "a.log", tmp_path / "b.log").failed(2, "b.log")


def test_interrupted(start):
    """Who stops it sees what was found so far."""
    process = start("logs", "-", stdin=subprocess.PIPE)
    process.stdin.write(samples.log_lines(100).encode())
    process.stdin.flush()
    time.sleep(0.5 * SLOW)
    process.send_signal(signal.SIGINT)
    # Not communicate: that would end the input, too.
    assert process.wait(timeout=10 * SLOW) == 130
    assert b"100 lines" in process.stdout.read()


def test_reader_goes_away(start, tmp_path):
    (tmp_path / "a.log").write_text(samples.log_lines(5000))
    read, write = os.pipe()
    os.close(read)
    process = start("logs", tmp_path / "a.log", "-o", "json", stdout=write)
    os.close(write)
    assert process.wait(timeout=10 * SLOW) >= 0


class LogServer:
    """Sends a log of `size` bytes in chunks, and for ever with size None."""

    wants_path = True

    def __init__(self, size):
        self.size, self.block = size, samples.log_lines(1000).encode()

    def __call__(self, conn, server, path=None):
        if "previous=true" in path:
            body = b"FATAL boom\n"
            conn.sendall(b"HTTP/1.1 200 X\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            return True
        conn.sendall(b"HTTP/1.1 200 X\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = 0
        try:
            while self.size is None or sent < self.size:
                conn.sendall(b"%x\r\n%s\r\n" % (len(self.block), self.block))
                sent += len(self.block)
                if server.stopped.is_set():
                    return False
            conn.sendall(b"0\r\n\r\n")
        except OSError:
            return False
        return True


LOG = "/api/v1/namespaces/shop/pods/api-1/log"


@pytest.fixture
def api():
    with FakeApi(samples.sick_cluster()) as server:
        yield server


def test_live_log_is_streamed(start, kubeconfig, api, tmp_path):
    api.on(LOG, LogServer(100 * MIB))
    with open(tmp_path / "out", "wb") as out:
        process = start("logs", "pod/api-1", env={"KUBECONFIG": str(kubeconfig(api.url))}, stdout=out)
        peak = peak_mib(process)
    text = (tmp_path / "out").read_text()
    assert process.returncode == 0, text
    assert "2 logs" in text, text
    assert "boom" in text, text
    assert peak < PEAK_MIB + 20, peak


def test_live_log_interrupted(start, kubeconfig, api):
    api.on(LOG, LogServer(None))
    process = start("logs", "pod/api-1", env={"KUBECONFIG": str(kubeconfig(api.url))})
    time.sleep(1 * SLOW)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10 * SLOW)
    assert process.returncode == 130, err
    assert b"lines" in out


def test_recorded_log(run, tmp_path):
    folder = tmp_path / "dump" / "shop" / "api-1"
    folder.mkdir(parents=True)
    samples.sick_file(tmp_path / "dump" / "objects.json")
    folder.joinpath("logs.txt").write_text(
        "==== START logs for container main of pod shop/api-1 ====\n"
        + samples.log_lines(60)
        + "==== END logs for container main of pod shop/api-1 ====\n"
    )
    result = run("logs", "pod/api-1", "--from", tmp_path / "dump").ok()
    assert "60 lines, " in result.out, result
    assert "orders-db:5432" in result.out, result


KUBELET_EXCUSES = (
    "unable to retrieve container logs for containerd://0123",
    'failed to try resolving symlinks in path "/var/log/pods/shop_api-1_u/main/1.log": lstat /var/log/pods/shop_api-1_u/main/1.log: no such file or directory',
)


@pytest.mark.parametrize("excuse", KUBELET_EXCUSES)
def test_what_kubelet_says_instead_of_a_log_is_no_line_of_the_program(run, kubeconfig, api, excuse):
    def answer(conn, server):
        conn.sendall(servers_response(body=excuse + "\n", content_type="text/plain"))
        return True

    api.on(LOG, answer)
    env = {"KUBECONFIG": str(kubeconfig(api.url))}
    result = run("logs", "pod/api-1", env=env)
    assert "0 lines" in result.out or excuse[:30] in result.err, result
    result = run("why", "pod/api-1", "-n", "shop", env=env)
    assert "log/" not in result.out and "missing-file" not in result.out, result


def running_log(conn, server):
    now = time.time()
    body = "".join(
        time.strftime("%Y-%m-%dT%H:%M:%S.000000000Z", time.gmtime(now - 400 + 4 * i)) + f" ERROR order {i} has no price\n"
        for i in range(100)
    )
    conn.sendall(servers_response(body=body, content_type="text/plain"))
    return True


def test_logs_of_running_pods_are_read_when_asked(run, kubeconfig):
    pods = [samples.pod(f"web-{i}") for i in range(230)]
    with FakeApi({"pods": pods, "nodes": [samples.node()]}) as server:
        server.on("/api/v1/namespaces/shop/pods/", running_log)
        env = {"KUBECONFIG": str(kubeconfig(server.url))}
        run("scan", env=env)
        assert not [p for p, _ in server.requests if "/log?" in p]
        result = run("scan", "--logs", env=env)
        asked = [p for p, _ in server.requests if "/log?" in p]
        assert len(asked) == 200, len(asked)
        assert all("timestamps=true" in p and "sinceSeconds=900" in p and "tailLines=400" in p for p in asked), asked[0]
        assert "has no price" in result.out, result
        assert "Logs of 200 of 230 running workloads" in result.out, result
        assert json.loads(run("scan", "--logs", "-o", "json", env=env).out)["logs"] == {"workloads": 230, "lookedAt": 200}
        assert json.loads(run("scan", "-o", "json", env=env).out)["logs"] is None


def test_why_and_ask_read_the_logs_of_what_they_are_asked_about(run, kubeconfig):
    """And of nothing else: whoever asks about one program does not wait for the logs of all."""
    pods = [samples.pod(f"web-{i}") for i in range(5)]
    with FakeApi({"pods": pods, "nodes": [samples.node()], "namespaces": [samples.namespace()]}) as server:
        server.on("/api/v1/namespaces/shop/pods/", running_log)
        env = {"KUBECONFIG": str(kubeconfig(server.url))}
        for words in (["why", "pod/web-3"], ["ask", "is web-3 healthy?"]):
            server.requests.clear()
            result = run(*words, env=env).ok()
            assert "has no price" in result.out, result
            asked = [p for p, _ in server.requests if "/log?" in p]
            assert len(asked) == 1 and "/pods/web-3/log?" in asked[0] and "sinceSeconds=900" in asked[0], asked


def test_the_log_of_a_waiting_container_is_read_once(run, kubeconfig, api):
    """kubelet answers for its last instance whether the previous or the current log is asked for."""

    def answer(conn, server):
        conn.sendall(servers_response(body="FATAL boom\n", content_type="text/plain"))
        return True

    api.on(LOG, answer)
    found = json.loads(run("scan", "-o", "json", env={"KUBECONFIG": str(kubeconfig(api.url))}).out)
    asked = [str(r) for r in api.requests if LOG in str(r)]
    assert len(asked) == 1 and "previous=true" in asked[0], asked
    assert "FATAL boom" in json.dumps(found), found
