#!/usr/bin/env python3
"""Plants faults, and healthy situations that look odd, in the test cluster, each under names that nobody could guess.

A situation is one file of faults/ or healthy/: a first YAML document that says what it is and what must be found, then the manifests. Both
are templates: @WORD@ stands for a name made up for this run, the same throughout the file. How a name looks depends on how WORD begins:
  ns              a namespace; each file has its own
  image           an image that the node has
  absent_image    an image that the registry does not have        denied_image    one that the registry gives only to whom it knows
  nowhere_image   one of a registry whose name does not exist     host            a host name that does not exist
  foreign_image   one whose program is built for another processor
  node            a node           anything else   the kind of name that people give to programs
Some words have a fixed meaning: @bin@ is the folder of Kubernetes' own programs on the node, @ca@ the certificate authority of the webhooks at
@webhooks@ (lib/helper.py), in base64.
The first document:
  fault|healthy   what is the matter, for readers of the file
  causes          ids of checks (* allowed), any of which may be named as the cause
  blames          objects ("Kind namespace/name", * allowed), one of which the cause must name as its object or its subject
  says            texts that the answer must contain, too
  shows           what the API must show before anything is asked: kind, name (or `about` for the object of an event), path, and
                  is | in | has | least
  within, settles seconds: how long `shows` may take (90); how long after planting to ask at the earliest (SETTLES)
  why, ask        the object to ask `why` about; questions to `ask`
  also            ids of checks that may be named as further causes, though not first: what else is true of the situation
  steps           a list of {after: CONDITION, then: [VERB, ...]}: once the condition shows, do [patch, OBJECT, JSON], [patch_status, OBJECT, JSON],
                  [delete, OBJECT], [cut, POD, POD] (no packet passes from the first pods to the others any more) or [lose_nodes, GROUP]
  nodes           the group of fake nodes (their annotation kwok.x-k8s.io/node) that must be kept alive
  crds            files of crds/ whose kinds it needs
  alone_in_ns     true: it concerns the whole namespace, so it never shares one
  last            plant it after all others show
"""

import base64
import fnmatch
import json
import os
import random
import re
import time

import yaml

from bed import HERE

NAMES = """amber anchor aspen atlas badger basil beacon birch bison bramble cedar cinder clover cobalt comet copper coral cosmos crane cypress
delta dove ember falcon fennel fern finch flint fox garnet gecko ginger glacier harbor hazel heron indigo iris ivory jade jasper juniper
kestrel lagoon lark laurel lilac linden lotus lynx magpie maple marble marlin meadow merlin mint moss nectar nettle nova oak olive onyx opal
orchid osprey otter panda pearl pebble pepper pine plover poppy puffin quartz quill raven reed robin rowan saffron sage sequoia sienna sorrel
sparrow spruce sumac swift tansy teal thistle thyme topaz tulip umber velvet verbena violet walnut willow wren yarrow zephyr zinnia""".split()
ROLES = "api web worker gateway sync store ledger mailer search index billing catalog feed relay portal batch cache quota-less".split()[:-1]
REGISTRY = "http://127.0.0.1:5000"
KINDS = (
    "pods,nodes,services,endpointslices,events,deployments,replicasets,statefulsets,daemonsets,jobs,cronjobs,persistentvolumeclaims,"
    "horizontalpodautoscalers,ingresses,poddisruptionbudgets"
)


class NameMaker:
    """Names of one run. Two runs with one seed make the same names."""

    def __init__(self, seed):
        self.seed, self.random = seed, random.Random(seed)
        self.used = set()
        self.images, self.foreign_images, self.registries, self.denied = [], [], set(), []

    def begin(self, file):
        """Each file's names depend on the seed and the file alone, so that a part of the files has the same ones."""
        self.random = random.Random(f"{self.seed}/{file.parent.name}/{file.stem}")

    def word(self):
        while True:
            name = f"{self.random.choice(NAMES)}-{self.random.choice(NAMES)}"
            if name not in self.used:
                self.used.add(name)
                return name

    def program(self):
        while True:
            name = f"{self.random.choice(NAMES)}-{self.random.choice(ROLES)}"
            if name not in self.used:
                self.used.add(name)
                return name

    def image_path(self):
        return f"{self.random.choice(NAMES)}/{self.program()}"

    def tag(self):
        return f"{self.random.randint(1, 9)}.{self.random.randint(0, 30)}.{self.random.randint(0, 9)}"

    def make(self, token):
        if token.startswith(("image", "foreign_image")):
            ref = f"registry.{self.word()}.example/{self.image_path()}:{self.tag()}"
            (self.foreign_images if token.startswith("foreign") else self.images).append(ref)
            return ref
        if token in ("absent_image", "denied_image"):
            host, path = f"registry.{self.word()}.example", self.image_path()
            self.registries.add(host)
            if token == "denied_image":
                self.denied.append(path)
            return f"{host}/{path}:{self.tag()}"
        if token == "nowhere_image":
            return f"registry.{self.word()}.example/{self.image_path()}:{self.tag()}"
        if token.startswith("host"):
            return f"{self.word()}.example"
        if token.startswith(("ns", "word", "zone", "class", "ic")):
            return self.word()
        if token.startswith("node"):
            return f"{self.word()}-{self.random.randint(10, 99)}"
        return self.program()


SETTLES = 20  # a younger pod without a node, a younger Service without endpoints is nothing yet (SCHEDULING_GRACE, ENDPOINTS_SETTLE)
FIXED = ("bin", "ca", "webhooks")  # words that the running cluster fills in


class Situation:
    """shared: in a namespace with others, so that only its names tell its causes from theirs."""

    def __init__(self, path, names, in_namespace=None):
        names.begin(path)
        self.file = path
        self.id = f"{path.parent.name}/{path.stem}"
        self.shared = in_namespace is not None
        self.names = {word: f"@{word}@" for word in FIXED} | ({"ns": in_namespace} if in_namespace else {})

        def name(match):
            return self.names.setdefault(match[1], None) or self.names.__setitem__(match[1], names.make(match[1])) or self.names[match[1]]

        text = re.sub(r"@(\w+)@", name, path.read_text())
        head, self.manifest = text.split("\n---\n", 1)
        self.head = yaml.safe_load(head)
        self.ns = self.names.get("ns")
        self.healthy = "healthy" in self.head
        self.planted = None
        self.steps = list(self.head.get("steps", []))

    def __getattr__(self, key):
        """causes, blames, says, shows, ask, also, crds: lists; why: text."""
        if key in ("causes", "blames", "says", "shows", "ask", "also", "crds"):
            return self.head.get(key, [])
        if key == "why":
            return self.head["why"]
        raise AttributeError(key)


def situation_files(part="all"):
    """All files; or, with "third", every third fault, others each day, and all that is healthy."""
    faults = sorted(HERE.glob("faults/*.yaml"))
    if part == "third":
        faults = faults[int(time.time() // 86400) % 3 :: 3]
    return faults + sorted(HERE.glob("healthy/*.yaml"))


def load_situations(seed, only=None, part="all"):
    names = NameMaker(seed)
    situations = [Situation(f, names) for f in situation_files(part)]
    if only:
        situations = [s for s in situations if only in s.id]
    return situations, names


def load_tens(seed):
    """The faults, mixed, ten at a time in one namespace; those that concern a whole namespace are left out."""
    names = NameMaker(seed)
    files = [f for f in situation_files() if f.parent.name == "faults" and "\nalone_in_ns: true\n" not in f.read_text()]
    names.random.shuffle(files)
    spaces = [names.word() for _ in range(0, len(files), 10)]
    return [[Situation(f, names, ns) for f in files[i * 10 : i * 10 + 10]] for i, ns in enumerate(spaces)], names


def field(value, path):
    """One value by path: dots, [n], and [key=value] to choose from a list. None when it is not there."""
    for part in re.findall(r"[^.\[\]]+(?:=[^\]]*)?", path):
        if isinstance(value, list):
            if "=" in part:
                key, wanted = part.split("=", 1)
                value = next((v for v in value if v.get(key) == wanted), None)
            else:
                value = value[int(part)] if int(part) < len(value) else None
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value


def shows(condition, ns, objects):
    """True when some object fulfils the condition. A name is looked for in the situation's namespace, or among objects without one."""
    for o in objects.get(condition["kind"].lower(), []):
        meta = o["metadata"]
        about = o.get("involvedObject", {}) if "about" in condition else meta
        if about.get("namespace", ns) != ns or not fnmatch.fnmatchcase(
            about.get("name", ""), condition.get("about", condition.get("name"))
        ):
            continue
        value = field(o, condition["path"])
        if (
            "is" in condition
            and value == condition["is"]
            or "in" in condition
            and value in condition["in"]
            or "has" in condition
            and condition["has"] in (value or "")
            or "least" in condition
            and isinstance(value, int)
            and value >= condition["least"]
        ):
            return True
    return False


def read_objects(bed, more=()):
    by_kind = {}
    for o in bed.get(",".join([KINDS, *sorted(more)]), "-A"):
        by_kind.setdefault(o["kind"].lower(), []).append(o)
    return by_kind


def add_registry(bed, host):
    """Makes HOST a registry that the node reaches, and that has no image."""
    folder = bed.state / "registries" / host
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hosts.toml").write_text(f'server = "{REGISTRY}"\n[host."{REGISTRY}"]\ncapabilities = ["pull", "resolve"]\n')


def prepare_node(bed, names):
    """Gives the node's images their made-up names, and tells the container runtime where the made-up registries are."""
    for i in range(0, len(names.images), 20):
        bed.run([HERE / "bed", "ctr", "images", "tag", "--force", "docker.io/library/busybox:1.35", *names.images[i : i + 20]])
    for i in range(0, len(names.foreign_images), 20):
        bed.run([HERE / "bed", "ctr", "images", "tag", "--force", "docker.io/library/foreign:1.0", *names.foreign_images[i : i + 20]])
    for host in names.registries:
        add_registry(bed, host)
    denied = bed.state / "registry" / "denied"
    old = denied.read_text() if denied.exists() else ""
    denied.write_text(old + "".join(p + "\n" for p in names.denied))


def filled(bed, text):
    """A manifest with the words that depend on the running cluster."""
    authority = base64.b64encode((bed.state / "pki" / "ca.crt").read_bytes()).decode()
    values = {"bin": os.path.dirname(bed.kubectl_program), "ca": authority, "webhooks": "10.200.0.1"}
    for word, value in values.items():
        text = text.replace(f"@{word}@", value)
    return text


def install_kinds(bed, situations):
    """The custom kinds that these situations need."""
    files = sorted({name for s in situations for name in s.crds})
    for name in files:
        bed.kubectl("apply", "--server-side", "-f", HERE / "crds" / f"{name}.yaml")
    for name in files:
        bed.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", HERE / "crds" / f"{name}.yaml")


def plant(bed, situations):
    """Creates the situations' objects: the namespaces first, because their service accounts take a moment."""
    for group in {s.head["nodes"] for s in situations if "nodes" in s.head}:
        bed.run([HERE / "bed", "kwok", group])
    install_kinds(bed, situations)
    wanted, end = {s.ns for s in situations}, time.monotonic() + 30
    bed.apply("".join(f"---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {ns}}}\n" for ns in sorted(wanted)))
    while not wanted <= {o["metadata"]["namespace"] for o in bed.get("serviceaccounts", "-A", "--field-selector=metadata.name=default")}:
        assert time.monotonic() < end, "no default service accounts after 30 s"
        time.sleep(0.2)
    for s in situations:  # one call each: a mistake in one file is told with its name
        done = bed.run([bed.kubectl_program, "apply", "--server-side", "-f", "-"], input=filled(bed, s.manifest), check=False)
        assert done.returncode == 0, f"{s.file}: {done.stderr}"
        s.planted = time.monotonic()


def cut(bed, s, source, target):
    """What a network plugin does for a NetworkPolicy that forbids it: packets from the first pods to the others are dropped."""
    pods = {o["metadata"]["name"]: o["status"].get("podIP") for o in bed.get("pods", "-n", s.ns)}
    ips = [[ip for name, ip in pods.items() if ip and fnmatch.fnmatchcase(name, pattern)] for pattern in (source, target)]
    assert all(ips), f"{s.file}: no running pods to cut: {pods}"
    rules = "add table ip cut\nadd chain ip cut forward { type filter hook forward priority -200; }\n"
    rules += "".join(f"add rule ip cut forward ip saddr {a} ip daddr {b} drop\n" for a in ips[0] for b in ips[1])
    # Pods of one node talk over a bridge: without this their packets never come by.
    bed.run(["sh", "-c", "modprobe br_netfilter 2>/dev/null; echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables; nft -f -"], input=rules)


def do_step(bed, s):
    verb, target, *rest = s.steps.pop(0)["then"]
    if verb == "patch":
        bed.kubectl("patch", target, "-n", s.ns, "-p", rest[0])
    elif verb == "patch_status":
        bed.kubectl("patch", target, "-n", s.ns, "--subresource=status", "--type=merge", "-p", rest[0])
    elif verb == "delete":
        bed.kubectl("delete", target, "-n", s.ns, "--wait=false")
    elif verb == "cut":
        cut(bed, s, target, rest[0])
    elif verb == "lose_nodes":
        bed.run([HERE / "bed", "kwok", target, "stop"])
    else:
        raise ValueError(f"{s.file}: no such step: {verb}")


def wait_until_shown(bed, situations, limit=90, progress=print):
    """Polls the API until every situation shows, and is old enough. Raises with what is missing."""
    waiting = list(situations)
    more = {kind for s in situations for kind in s.head.get("reads", [])}
    while waiting:
        objects = read_objects(bed, more)
        for s in list(waiting):
            if s.steps:
                if shows(s.steps[0]["after"], s.ns, objects):
                    do_step(bed, s)
                continue
            age = time.monotonic() - s.planted
            if all(shows(c, s.ns, objects) for c in s.shows) and age >= s.head.get("settles", SETTLES):
                waiting.remove(s)
                progress(f"{age:6.1f} s  {s.id} shows")
        late = [s for s in waiting if time.monotonic() - s.planted > max(s.head.get("within", limit), s.head.get("settles", SETTLES) + 30)]
        if late:
            missing = "\n".join(
                f"{s.id} in namespace {s.ns}: "
                + (f"before its step {s.steps[0]}" if s.steps else json.dumps([c for c in s.shows if not shows(c, s.ns, objects)]))
                for s in late
            )
            raise AssertionError(f"the API does not show:\n{missing}")
        if waiting:
            time.sleep(1)


def plant_all(bed, situations, names, progress=print):
    """Everything at once; those marked `last` when all others show."""
    prepare_node(bed, names)
    first = [s for s in situations if not s.head.get("last")]
    last = [s for s in situations if s.head.get("last")]
    for some in (first, last):
        if some:
            plant(bed, some)
            wait_until_shown(bed, some, progress=progress)
    return situations


def remove(bed, situations):
    """Takes the situations' objects away again and waits until they are gone."""
    for s in situations:
        bed.run(
            [bed.kubectl_program, "delete", "--ignore-not-found", "--wait=false", "--grace-period=1", "-f", "-"],
            input=filled(bed, s.manifest),
            check=False,
        )
    for ns in sorted({s.ns for s in situations}):
        for kind in ("configmaps", "persistentvolumeclaims", "pods"):  # what a finalizer of a situation holds
            for o in bed.get(kind, "-n", ns):
                if o["metadata"].get("finalizers"):
                    bed.kubectl(
                        "patch",
                        f"{kind}/{o['metadata']['name']}",
                        "-n",
                        ns,
                        "--type=merge",
                        "-p",
                        '{"metadata": {"finalizers": null}}',
                        check=False,
                    )
        bed.kubectl("delete", "namespace", ns, "--ignore-not-found", "--timeout=240s", timeout=250)  # discovery forgets an APIService late
    bed.run(["nft", "delete", "table", "ip", "cut"], check=False)


def main():
    """Plants everything and tells what is where: for a look at the cluster by hand."""
    import argparse
    from bed import Bed

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randint(1, 999999))
    parser.add_argument("--only", help="part of a file's name")
    options = parser.parse_args()
    print(f"seed {options.seed}")
    for s in plant_all(Bed(), *load_situations(options.seed, options.only)):
        print(f"{s.ns:24} {s.id:40} why {s.why}")


if __name__ == "__main__":
    main()
