"""Fixtures of the tests on a real Kubernetes. They use a bed of their own, so that one that a person has started is left alone.

AUTO_DEVOPS_SEED replays the names of an earlier run (the seed is printed at the beginning); AUTO_DEVOPS_KEEP=1 leaves the cluster running
afterwards, and a cluster left running is used again. AUTO_DEVOPS_FAULTS says which faults are planted: third (each day others: what CI does)
or all (the default). AUTO_DEVOPS_FULL=1 plants them ten in a namespace and each alone, too: an hour and a half."""

import concurrent.futures
import os
import random
import subprocess

import pytest

from bed import HERE, PROGRAM, Bed
from planting import load_situations, load_tens, plant_all, remove

CACHE = os.environ.get("AUTO_DEVOPS_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "auto-devops"
)
os.environ.setdefault("AUTO_DEVOPS_BED", os.path.join(CACHE, "bed-test"))
SEED = int(os.environ.get("AUTO_DEVOPS_SEED") or random.SystemRandom().randint(1, 999_999))
PART = os.environ.get("AUTO_DEVOPS_FAULTS", "all")
FULL = bool(os.environ.get("AUTO_DEVOPS_FULL"))
SITUATIONS, NAMES = load_situations(SEED, part=PART)
TENS, TENS_NAMES = load_tens(SEED + 1)


def pytest_report_header():
    return f"planted under the names of seed {SEED} (AUTO_DEVOPS_SEED), Kubernetes {os.environ.get('KV', 'of the bed')}, program {PROGRAM}"


def pytest_generate_tests(metafunc):
    if "fault" in metafunc.fixturenames:
        chosen = [s for s in SITUATIONS if not s.healthy]
        metafunc.parametrize("fault", chosen, ids=[s.file.stem for s in chosen])
    if "healthy" in metafunc.fixturenames:
        chosen = [s for s in SITUATIONS if s.healthy]
        metafunc.parametrize("healthy", chosen, ids=[s.file.stem for s in chosen])
    if "ten" in metafunc.fixturenames:
        metafunc.parametrize("ten", TENS if FULL else [], ids=[f"ten-{i}" for i in range(len(TENS) if FULL else 0)])
    if "lone" in metafunc.fixturenames:
        chosen = [s for s in SITUATIONS if not s.healthy] if FULL else []
        metafunc.parametrize("lone", chosen, ids=[s.file.stem for s in chosen])


def turn(item):
    """What needs no planted fault runs first: meanwhile the faults come to show. What plants for itself runs later; and last what brings, and takes
    away again, definitions of kinds that some faults need, too."""
    needs = {*item.fixturenames}
    if "kinds" in needs:
        return 3
    if {"ten", "lone"} & needs:
        return 2
    return 1 if "planted" in needs else 0


def pytest_collection_modifyitems(items):
    items.sort(key=turn)


@pytest.fixture(scope="session")
def bed():
    command = [str(HERE / "bed")]
    if subprocess.run([*command, "up"]).returncode != 0:
        pytest.exit("the cluster does not start", returncode=1)
    yield Bed()
    if not os.environ.get("AUTO_DEVOPS_KEEP"):
        subprocess.run([*command, "down"], check=True)


@pytest.fixture(scope="session", autouse=True)
def planting(request):
    """The faults, being planted beside the first tests; nothing when no test of this run needs them."""
    if not any("planted" in item.fixturenames for item in request.session.items):
        yield None
        return
    running = request.getfixturevalue("bed")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        yield pool.submit(plant_all, running, SITUATIONS, NAMES, progress=lambda text: None)


@pytest.fixture(scope="session")
def planted(planting):
    """All situations, once the API shows them."""
    return planting.result()


@pytest.fixture(scope="session")
def scan(bed, planted):
    return bed.program_json("scan")


@pytest.fixture(scope="session")
def emptied(bed, planting):
    """The cluster without what the session planted."""
    if planting:
        remove(bed, planting.result())
    return bed
