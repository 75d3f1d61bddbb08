"""Generated trees on a real API server: every object whose kind it knows passes a server-side dry run, and the built-in ones are really applied.

The CRDs of other projects are read from AUTO_DEVOPS_CRDS (default ../shared/crds); without them this is reported as skipped. Kinds that neither
the server nor these CRDs know are counted and named."""

import collections
import json
import os
import pathlib
import subprocess

import pytest
import yaml

from bed import PROGRAM, ROOT

CRDS = pathlib.Path(os.environ.get("AUTO_DEVOPS_CRDS", ROOT.parent / "shared" / "crds"))
# What is no object of the API: configuration of kind and kubeadm, values, programs and tests of rules.
NO_OBJECTS = ("apps/", "clusters/", "pulumi/", "slack/", "observability/rules", "observability/metrics.yaml")
# Kinds of Argo CD, External Secrets and MongoDB's operator: their CRDs are not here.
NOT_HERE = {"Application", "ApplicationSet", "AppProject", "ExternalSecret", "MongoDBCommunity", "MongoDBSearch"}
KIND = next(t["version"] for t in yaml.safe_load((ROOT / "data/platform/versions.yaml").read_text())["tools"] if t["id"] == "kind")
CACHE = pathlib.Path(os.environ.get("AUTO_DEVOPS_CACHE") or pathlib.Path.home() / ".cache" / "auto-devops")
TREES = [("dev",), ("production",), ("kamaji", "--tenants", "1"), ("kamaji", "--tenants", "3"), ("kamaji", "--tenants", "20")]


def objects(folder):
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder).as_posix()
        if not name.startswith(NO_OBJECTS):
            for document in yaml.safe_load_all(path.read_text()):
                yield name, document


def key(o):
    return f"{o['kind']}/{o['metadata'].get('namespace', '-')}/{o['metadata']['name']}"


def apply(bed, items, *arguments):
    """One List, in one call: (what failed, the server's words)."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    done = bed.kubectl(
        "apply",
        "--server-side",
        "--force-conflicts",
        "--field-manager=generate-test",
        *arguments,
        "-f",
        "-",
        input=text,
        check=False,
        timeout=300,
    )
    return done.stderr.strip() if done.returncode else ""


@pytest.fixture(scope="module")
def kinds(bed):
    """(group/version, kind) that the server knows, once the CRDs are there."""
    if not CRDS.is_dir():
        pytest.skip(f"no CRDs in {CRDS}: set AUTO_DEVOPS_CRDS")
    bed.kubectl("apply", "--server-side", "--force-conflicts", "-R", "-f", str(CRDS), timeout=300)
    bed.kubectl("wait", "--for=condition=Established", "--timeout=120s", "-R", "-f", str(CRDS), timeout=150)
    served = set()
    for group in json.loads(bed.kubectl("get", "--raw", "/apis").stdout)["groups"]:
        for version in group["versions"]:
            resources = json.loads(bed.kubectl("get", "--raw", f"/apis/{version['groupVersion']}").stdout)["resources"]
            served |= {(version["groupVersion"], r["kind"]) for r in resources}
    served |= {("v1", r["kind"]) for r in json.loads(bed.kubectl("get", "--raw", "/api/v1").stdout)["resources"]}
    yield served
    bed.kubectl("delete", "-R", "-f", str(CRDS), "--wait=false", check=False, timeout=300)


@pytest.fixture(params=TREES, ids="-".join)
def tree(request, bed, tmp_path):
    bed.run([PROGRAM, "generate", *request.param, "--to", tmp_path / "tree"])
    return tmp_path / "tree"


@pytest.fixture(scope="module")
def made(bed):
    """Names of namespaces that the tests made; they go at the end, all at once: one by one takes a minute for each tree."""
    names = set()
    yield names
    if names:
        bed.kubectl("delete", "namespace", "--wait=false", "--ignore-not-found", *sorted(names), check=False, timeout=300)


@pytest.fixture
def namespaces(bed, tree, made):
    """The tree's namespaces, and those that its objects need in a tenant's cluster."""
    found = {o["metadata"]["name"]: o for _, o in objects(tree) if o["kind"] == "Namespace"}
    for _, o in objects(tree):
        name = o["metadata"].get("namespace")
        if name and name not in found:
            found[name] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    assert apply(bed, list(found.values())) == ""
    made |= set(found) - {"default", "kube-system"}


def test_the_server_takes_every_object(bed, kinds, tree, namespaces, record_property):
    known, unknown = [], collections.Counter()
    for _, o in objects(tree):
        if (o["apiVersion"], o["kind"]) in kinds:
            known.append(o)
        else:
            unknown[o["kind"]] += 1
    record_property("unknown", dict(unknown))
    print(f"{len(known)} objects tried, {sum(unknown.values())} of kinds that are not known here: {dict(unknown)}")
    assert set(unknown) <= NOT_HERE, unknown
    assert len(known) > 40
    problems = apply(bed, known, "--dry-run=server", "--validate=strict")
    assert problems == ""
    # And the server would say so: a rule of Kamaji's, an unknown field, a quota that is none.
    for o in known:
        wrong = json.loads(json.dumps(o))
        if o["kind"] == "TenantControlPlane":
            wrong["spec"]["networkProfile"]["loadBalancerSourceRanges"] = ["10.0.0.0/8"]
            wrong["spec"]["controlPlane"]["service"]["serviceType"] = "NodePort"
        elif o["kind"] == "ResourceQuota":
            wrong["spec"]["hard"]["requests.cpu"] = "many"
        elif o["kind"] == "IPAddressPool":
            wrong["spec"]["adresses"] = []
        else:
            continue
        assert apply(bed, [wrong], "--dry-run=server", "--validate=strict") != "", key(o)


def test_built_in_objects_are_applied(bed, tree, namespaces):
    """Really: quotas, ranges and policies stand beside the workloads that they are meant for, and every Deployment may make its pods."""
    groups = (
        "v1",
        "apps/v1",
        "policy/v1",
        "networking.k8s.io/v1",
        "rbac.authorization.k8s.io/v1",
        "scheduling.k8s.io/v1",
        "storage.k8s.io/v1",
    )
    mine = [o for name, o in objects(tree) if o["apiVersion"] in groups and not name.startswith("tenants/")]
    try:
        assert apply(bed, mine) == ""
        bed.kubectl("wait", "--for=condition=Progressing", "deployment", "-A", "--all", "--timeout=60s", check=False, timeout=90)
        failures = [
            f"{d['metadata']['namespace']}/{d['metadata']['name']}: {c['message']}"
            for d in bed.get("deployments", "-A", "-l", "app.kubernetes.io/managed-by=auto-devops")
            for c in d["status"].get("conditions", [])
            if c["type"] == "ReplicaFailure" and c["status"] == "True"
        ]
        assert failures == []
        # Applied again, nothing is different: no field that the server sees otherwise.
        done = bed.kubectl(
            "diff", "--server-side", "--force-conflicts", "--field-manager=generate-test", "-f", "-",
            input=json.dumps({"apiVersion": "v1", "kind": "List", "items": mine}), check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    finally:
        rest = [o for o in mine if o["kind"] != "Namespace"]
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": rest})
        bed.kubectl("delete", "--ignore-not-found", "-f", "-", input=text, check=False, timeout=120)


@pytest.fixture(scope="session")
def kind():
    """kind itself, built once from its module at the version that the tree names."""
    program = CACHE / f"kind-{KIND}" / "kind"
    if not program.exists():
        env = {**os.environ, "GOBIN": str(program.parent)}
        subprocess.run(["go", "install", f"sigs.k8s.io/kind@{KIND}"], check=True, env=env, cwd="/", timeout=400, capture_output=True)
    return program


def test_kind_reads_its_configuration(kind, tmp_path):
    """Without Docker kind decodes its file, strictly, before it looks for one."""
    subprocess.run([PROGRAM, "generate", "dev", "--to", tmp_path / "tree"], check=True, capture_output=True)
    good = tmp_path / "tree/clusters/dev/kind.yaml"
    bad = tmp_path / "bad.yaml"
    bad.write_text(good.read_text().replace("role: worker", "roll: worker"))
    # A Docker that is never there.
    env = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock", "KIND_EXPERIMENTAL_PROVIDER": "docker"}
    said = [
        subprocess.run([kind, "create", "cluster", "--config", f], capture_output=True, text=True, env=env, timeout=60).stderr
        for f in (good, bad)
    ]
    assert "unable to decode config" not in said[0] and "not found in type" not in said[0], said[0]
    assert "field roll not found" in said[1], said[1]
