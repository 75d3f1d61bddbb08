"""Ctrl-C at any moment and every allocation failing once."""

import random
import signal
import time

import pytest
import samples
from conftest import SLOW


@pytest.mark.parametrize("round", range(20))
def test_interrupted_at_random(start, tmp_path, round):
    path = samples.sick_file(tmp_path / "many.json", copies=2000)
    chance = random.Random(round)
    process = start("scan", "--from", path)
    time.sleep(chance.uniform(0.0, 0.15 * SLOW))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10 * SLOW)
    # 0: it was done before; -2: before the program had set up anything
    assert process.returncode in (0, 130, -signal.SIGINT), err
    assert b"Sanitizer" not in err, err


def allocations(run, arguments):
    """How many allocations a run makes, found by doubling and halving."""
    low, high = 0, 1
    while run(*arguments, env={"AUTO_DEVOPS_FAIL_ALLOC": str(high)}).code != 0:
        low, high = high, high * 2
        assert high < 1 << 24
    while high - low > 1:
        middle = (low + high) // 2
        if run(*arguments, env={"AUTO_DEVOPS_FAIL_ALLOC": str(middle)}).code != 0:
            low = middle
        else:
            high = middle
    return low


COMMANDS = ["scan", "advice", "ask", "snapshot", "help", "checks", "logs", "diff", "report"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_allocation_fails_once(run, tmp_path, command):
    """Exit code 1 and a message that says so; no crash, no half-written file. Numbers are spread when there are many."""
    path = samples.sick_file(tmp_path / "sick.json")
    log = tmp_path / "app.log"
    log.write_text(samples.log_lines(400))
    out = tmp_path / "out" / ("a.html" if command == "report" else "a.snapshot")
    out.parent.mkdir()
    arguments = {
        "scan": ["scan", "--from", path],
        "ask": ["ask", "why is api-1 crashing?", "--from", path],
        "snapshot": ["snapshot", "--force", "--from", path, "-o", out],
        "help": ["help"],
        "checks": ["checks"],
        "advice": ["scan", "--advice", "--from", path],
        "logs": ["logs", log],
        "diff": ["diff", path, samples.sick_file(tmp_path / "sicker.json", copies=3)],
        "report": ["report", "--force", "--from", path, "-o", "html", out],
    }[command]
    run(*arguments).ok()
    out.unlink(missing_ok=True)
    last = allocations(run, arguments)
    out.unlink(missing_ok=True)
    for n in sorted({1, 2, 3, last, *(1 + last * i // 80 for i in range(80))} - {0}):
        result = run(*arguments, env={"AUTO_DEVOPS_FAIL_ALLOC": str(n)})
        result.failed(1, "memory")
        # Memory may run out after the file is done, while saying so: then it is whole.
        left = list(out.parent.iterdir())
        assert left in ([], [out]), (n, left)
        if left and command == "report":
            assert out.read_text().rstrip().endswith("</html>"), n
        elif left:
            run("scan", "--from", out).ok()
        out.unlink(missing_ok=True)
