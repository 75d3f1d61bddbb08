"""The running test cluster, for tests: where it is, and commands inside its network. `tests/cluster/bed` starts and ends it."""

import json
import os
import shlex
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAM = Path(os.environ.get("AUTO_DEVOPS", ROOT / "build" / "auto-devops"))


class Bed:
    def __init__(self):
        out = subprocess.run([HERE / "bed", "env"], check=True, capture_output=True, text=True).stdout
        settings = dict(shlex.split(line)[0].split("=", 1) for line in out.splitlines())
        self.state = Path(settings["BED_STATE"])
        self.kubeconfig = Path(settings["KUBECONFIG"])
        self.kubectl_program = settings["BED_KUBECTL"]
        self.version = settings["BED_VERSION"]
        self.init_pid = settings["BED_INIT_PID"]
        self.own = {"KUBECONFIG": str(self.kubeconfig), "AUTO_DEVOPS_BED": str(self.state)}

    def runs(self):
        return self.init_pid != ""

    def prefix(self):
        """What makes a command run in the cluster's network; the working directory stays."""
        sudo = [] if os.geteuid() == 0 else ["sudo", "-E"]
        return sudo + ["nsenter", "-t", self.init_pid, "-n", "--"]

    def run(self, command, env=None, check=True, timeout=60, **more):
        full_env = {**os.environ, **self.own, **(env or {})}
        more.setdefault("capture_output", True)
        done = subprocess.run(self.prefix() + [str(c) for c in command], env=full_env, text=True, timeout=timeout, **more)
        if check and done.returncode != 0:
            raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def kubectl(self, *arguments, **more):
        return self.run([self.kubectl_program, *arguments], **more)

    def get(self, *arguments):
        """Objects as kubectl prints them in JSON: the items of a list, or one object."""
        answer = json.loads(self.kubectl("get", *arguments, "-o", "json").stdout)
        return answer["items"] if answer.get("kind") == "List" else answer

    def apply(self, text):
        return self.kubectl("create", "-f", "-", input=text)

    def program(self, *arguments, **more):
        """auto-devops against the cluster. A status of 3 (problems found) is no failure here."""
        done = self.run([PROGRAM, *arguments], check=False, **more)
        assert done.returncode in (0, 3), (
            f"auto-devops {shlex.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        )
        return done

    def program_json(self, *arguments, **more):
        return json.loads(self.program(*arguments, "-o", "json", **more).stdout)
