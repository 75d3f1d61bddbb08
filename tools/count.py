"""Counts what a test runner's report says: prints "PASSED FAILED SKIPPED".

usage: count.py meson testlog.json | junit report.xml
"""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree


def count_cmocka(text):
    """Tests that cmocka says it ran, as (passed, failed, skipped), or None where its closing lines are missing."""
    passed = sum(int(n) for n in re.findall(r"^\[  PASSED  \] (\d+) test", text, re.M))
    failed = sum(int(n) for n in re.findall(r"^\[  FAILED  \].*?(\d+) test\(s\), listed below", text, re.M))
    skipped = sum(int(n) for n in re.findall(r"^\[  SKIPPED \].*?(\d+) test\(s\), listed below", text, re.M))
    if not re.search(r"^\[=+\].* (\d+) test\(s\) run", text, re.M):
        return None
    return passed, failed, skipped


def count_meson(path):
    """meson's testlog.json: one JSON object a line, one per executable."""
    total = [0, 0, 0]
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            entry = json.loads(line)
            result = entry["result"]
            counted = count_cmocka(entry.get("stdout", "") + "\n" + entry.get("stderr", ""))
            if counted is None:
                counted = (result == "OK", result not in ("OK", "SKIP"), result == "SKIP")
            elif result not in ("OK", "SKIP") and counted[1] == 0:
                counted = (counted[0], 1, counted[2])
            total = [a + int(b) for a, b in zip(total, counted)]
    return total


def count_junit(path):
    total = [0, 0, 0]
    for suite in ElementTree.parse(path).getroot().iter("testsuite"):
        tests, failures, errors, skipped = (int(suite.get(k, 0)) for k in ("tests", "failures", "errors", "skipped"))
        total[0] += tests - failures - errors - skipped
        total[1] += failures + errors
        total[2] += skipped
    return total


def main():
    kind, path = sys.argv[1:]
    try:
        print(*(count_meson if kind == "meson" else count_junit)(path))
    except (OSError, ValueError, ElementTree.ParseError) as error:
        sys.exit(f"count.py: {path}: {error}")


main()
