"""The command line: exit codes, help, completion, output to pipes and terminals."""

import json
import os
import pty
import select
import shutil
import subprocess

import pytest
import samples
from conftest import PROGRAM, ROOT

COMMANDS = ["scan", "why", "ask", "chat", "snapshot", "checks", "version", "completion", "help", "config"]


@pytest.fixture
def sick(tmp_path):
    return samples.sick_file(tmp_path / "sick.json")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command(run, command):
    by_option = run(command, "--help").ok()
    assert "usage" in by_option.out.lower(), by_option
    assert run("help", command).ok().out == by_option.out


def test_help_lists_every_command(run):
    out = run("help").ok().out
    for command in COMMANDS:
        assert command in out
    assert run("--help").ok().out == out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["scna"],
        ["scan", "--nonsense"],
        ["scan", "--from"],
        ["scan", "-o", "nonsense", "--from", "/dev/null"],
        ["why"],
        ["why", "--from", "/dev/null"],
        ["ask"],
        ["help", "nonsense"],
        ["completion", "nonsense"],
        ["snapshot", "extra", "words"],
        ["scan", "--fail-on", "nonsense"],
        ["scan", "--now", "yesterday-ish"],
        ["config", "nonsense"],
    ],
    ids=lambda a: " ".join(a) or "none",
)
def test_usage_errors(run, arguments):
    run(*arguments).failed(2)


def test_misspelt_command_is_answered_with_the_right_one(run):
    run("scna").failed(2, "scan")


def test_version(run):
    result = run("version").ok()
    assert result.out.startswith("auto-devops "), result
    assert run("--version").ok().out == result.out


def test_no_cluster_at_all(run):
    """No kubeconfig, not in a cluster: says what was looked for and what to do."""
    result = run("scan")
    assert result.code in (1, 2), result
    assert "kubeconfig" in result.err.lower(), result
    assert "--from" in result.err, result


def test_scan_exit_codes(run, sick):
    run("scan", "--from", sick).ok()
    assert run("scan", "--from", sick, "--fail-on", "error").code == 3
    assert run("scan", "--from", sick, "--fail-on", "info").code == 3


def test_scan_of_a_healthy_cluster(run, tmp_path):
    path = tmp_path / "healthy.json"
    path.write_text(json.dumps(samples.list_of(samples.namespace(), samples.node(), samples.pod())))
    result = run("scan", "--from", path, "--fail-on", "info").ok()
    assert result.out.strip(), result
    assert run("scan", "--from", path, "-o", "lines").ok().out == ""


def test_scan_json(run, sick):
    result = run("scan", "--from", sick, "-o", "json").ok()
    assert isinstance(json.loads(result.out), dict), result


def test_why_unknown_object(run, sick):
    result = run("why", "pod/nothing-like-it", "--from", sick)
    assert result.code in (1, 2), result
    assert "nothing-like-it" in result.out + result.err, result


def test_why_known_object(run, sick):
    result = run("why", "pod/api-1", "-n", "shop", "--from", sick).ok()
    assert "api-1" in result.out, result


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(run, shell, tmp_path):
    out = run("completion", shell).ok().out
    assert "auto-devops" in out


def complete(line, environment):
    """What bash offers after this line."""
    script = """
        source <(auto-devops completion bash)
        COMP_LINE=$1 COMP_POINT=${#1}
        f=$(complete -p auto-devops | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        $f
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    path = f"{os.path.dirname(PROGRAM)}:{environment['PATH']}"
    done = subprocess.run(["bash", "-c", script, "x", line], capture_output=True, text=True, check=False, env={**environment, "PATH": path})
    return sorted(word.strip() for word in done.stdout.split("\n") if word.strip())


def test_bash_completes(environment):
    assert complete("auto-devops sc", environment) == ["scan"]
    assert set(COMMANDS) <= set(complete("auto-devops ", environment))
    assert "--from" in complete("auto-devops scan --fr", environment)


def test_plain_when_piped(run, sick):
    assert "\x1b" not in run("scan", "--from", sick).ok().out


def on_terminal(start, *arguments, env):
    """What the program prints to a terminal of 100 columns."""
    main, other = pty.openpty()
    process = start(*arguments, stdout=other, stderr=other, stdin=subprocess.DEVNULL, env=env)
    os.close(other)
    data = b""
    while select.select([main], [], [], 20)[0]:
        try:
            piece = os.read(main, 65536)
        except OSError:
            break
        if not piece:
            break
        data += piece
    os.close(main)
    assert process.wait(10) == 0, data
    return data.decode()


def test_colour_on_a_terminal(start, sick):
    assert "\x1b[" in on_terminal(start, "scan", "--from", sick, env={"TERM": "xterm-256color"})


def test_no_colour_when_asked(start, sick):
    assert "\x1b[3" not in on_terminal(start, "scan", "--from", sick, env={"TERM": "xterm-256color", "NO_COLOR": "1"})
    assert "\x1b[3" not in on_terminal(start, "scan", "--from", sick, env={"TERM": "dumb"})


def test_closed_pipe(start, tmp_path):
    """`| head -1` ends quietly."""
    path = samples.sick_file(tmp_path / "many.json", copies=3000)
    process = start("scan", "--from", path, "-o", "lines")
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    err = process.stderr.read()
    assert process.wait(20) in (0, 1, 141, -13), err
    assert b"Sanitizer" not in err, err


def test_full_output_device(run, sick):
    """Output that cannot be written is not success."""
    with open("/dev/full", "wb") as full:
        result = run("scan", "--from", sick, stdout=full)
    result.failed(1, "no space left")


def test_closed_standard_streams(start, sick, environment):
    """A closed stdout must not make the program write its text into a file it opens later."""
    done = subprocess.run(
        ["sh", "-c", f"exec {PROGRAM} scan --from {sick} >&-"], env=environment, capture_output=True, timeout=60, check=False
    )
    assert done.returncode in (0, 1), done


def test_checks_are_listed(run):
    result = run("checks").ok()
    assert result.out.count("\n") >= 10, result


def test_manual_page(run):
    """Every command and flag is in it, and it is clean roff where groff is there to say so."""
    page = run("help", "--man").ok().out
    assert page.startswith((".TH", ".\\", "'\\")), page[:100]
    for command in COMMANDS:
        assert f"auto\\-devops {command}" in page, command
    if shutil.which("groff"):
        done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z"], input=page, text=True, capture_output=True, check=False)
        assert done.returncode == 0 and not done.stderr, done.stderr


def test_demo(environment):
    """What `./dev demo` shows: causes, three answers, and what to try next."""
    done = subprocess.run([ROOT / "tools" / "demo.sh", PROGRAM], capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "StorageClass fast-ssd does not exist" in done.stdout
    assert done.stdout.count("\n$ ") == 4
    assert "Try next:" in done.stdout
