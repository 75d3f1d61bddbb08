"""Fixtures of the tests on a real Kubernetes. They use a bed of their own, so that one that a person has started is left alone.

AUTO_DEVOPS_SEED replays the names of an earlier run (the seed is printed at the beginning); AUTO_DEVOPS_KEEP=1 leaves the cluster running
afterwards, and a cluster left running is used again."""

import concurrent.futures
import os
import random
import subprocess

import pytest

from bed import HERE, PROGRAM, Bed
from planting import load_situations, plant_all

CACHE = os.environ.get("AUTO_DEVOPS_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "auto-devops"
)
os.environ.setdefault("AUTO_DEVOPS_BED", os.path.join(CACHE, "bed-test"))
SEED = int(os.environ.get("AUTO_DEVOPS_SEED") or random.SystemRandom().randint(1, 999_999))
SITUATIONS = load_situations(SEED)[0]  # the same names again when they are planted: one seed, one set of names


def pytest_report_header():
    return f"planted under the names of seed {SEED} (AUTO_DEVOPS_SEED), Kubernetes {os.environ.get('KV', 'of the bed')}, program {PROGRAM}"


def pytest_generate_tests(metafunc):
    if "fault" in metafunc.fixturenames:
        chosen = [s for s in SITUATIONS if not s.healthy]
        metafunc.parametrize("fault", chosen, ids=[s.file.stem for s in chosen])
    if "healthy" in metafunc.fixturenames:
        chosen = [s for s in SITUATIONS if s.healthy]
        metafunc.parametrize("healthy", chosen, ids=[s.file.stem for s in chosen])


def pytest_collection_modifyitems(items):
    """What needs no planted fault runs first: meanwhile the faults come to show."""
    items.sort(key=lambda item: "planted" in item.fixturenames)


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
        yield pool.submit(plant_all, running, SEED, progress=lambda text: None)


@pytest.fixture(scope="session")
def planted(planting):
    """All situations, once the API shows them."""
    return planting.result()


@pytest.fixture(scope="session")
def scan(bed, planted):
    return bed.program_json("scan")
