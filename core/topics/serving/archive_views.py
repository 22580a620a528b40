"""Archives for model servers: made, damaged and looked into; a SavedModel written by TensorFlow; the learner's own."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.deployment.controls import DATA, DEPTH, SERVED, WIDTHS
from core.deployment.subjects import Playground, deployed
from core.figures.curves import bars, number
from core.jobs import extras
from core.lessons import Goal, Question, Scale
from core.lessons.controls import choose
from core.lessons.view import Later, Shown, View
from core.programs import Program, Step
from core.topics.serving import recorded
from core.topics.serving.answers import expected, row
from core.topics.serving.archives import HANDLER, MANIFEST, NETWORK, Archive, mar, opened, saved_model
from core.topics.serving.folders import zipped
from core.topics.serving.request_view import fenced
from core.topics.serving.sizes import lying

NO_HANDLER, NO_NAME, PICKLE, OUTSIDE, OTHER = CHANGES = (
    "handler left out", "manifest without a handler", "a pickle beside it", "a path outside", "weights left out",
)  # fmt: skip
DAMAGE = choose("Changes", CHANGES)
LISTED, MANY = 20, 64  # files; units per layer
TORCHSERVE = (
    "**TorchServe** was archived by its authors in August 2025: no more fixes, security fixes included. Its format is "
    "still found, and is a zip with a manifest. With Java 17: `torchserve --start --foreground --model-store . "
    "--models network=network.mar --disable-token-auth=false` (it then listens on 127.0.0.1:8080)."
)
TENSORFLOW = (
    "**TensorFlow Serving** has no package on PyPI or Debian: it comes as a Docker image, `docker run --rm -p "
    '127.0.0.1:8501:8501 -v "$PWD/network:/models/network" -e MODEL_NAME=network tensorflow/serving`. It loads the '
    "highest number among `network/1/`, `network/2/` …: each a SavedModel, that is `saved_model.pb` (graph and "
    "signatures) and `variables/` (weights)."
)


def changed(content: bytes, changes: Sequence[str]) -> bytes:
    """An archive with some damage."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files[MANIFEST])
    if NO_NAME in changes:
        del manifest["model"]["handler"]
    if NO_HANDLER in changes:
        del files[HANDLER]
    if PICKLE in changes:
        files["optimizer.pkl"] = b"\x80\x04N."
    if OUTSIDE in changes:
        files["../network.json"] = b"{}"
    if OTHER in changes:
        del files[NETWORK]
    return zipped({**files, MANIFEST: json.dumps(manifest, indent=2).encode()})


def measure(changes: tuple[str, ...], seed: int, **network) -> Archive:
    """Make the archive, damage it, look into it."""
    return opened(changed(mar(deployed(seed=seed, **network)), changes))


def draw(found: Archive) -> Shown:
    """Files and faults."""
    sizes = {each.name[:40]: max(each.size, 1) for each in found.entries[:LISTED]}
    rows = [
        {"File": each.name[:60], "Bytes": f"{each.size:,}", "What it is": each.role} for each in found.entries[:LISTED]
    ]
    faults = "\n".join(f"- {fenced(fault)}" for fault in found.faults[:10])
    verdict = f"**{len(found.faults)} wrong with it**:\n{faults}" if found.faults else "**Nothing is wrong with it.**"
    manifest = f"\n```json\n{fenced(json.dumps(found.manifest, indent=1))[:1500]}\n```" if found.manifest else ""
    pictures = ((lying(sizes, "Bytes"),),) if sizes else ()
    return Shown(
        pictures, f"{found.kind}, {len(found.content) / 1000:,.0f} kB. {verdict}\n{manifest}", (rows,) if rows else ()
    )


def draw_made(found: Archive) -> Shown:
    """The same, and what loads it."""
    shown = draw(found)
    return Shown(shown.pictures, f"{TORCHSERVE}\n\n{shown.note}", shown.tables)


def before(found: Archive) -> Shown:
    """How much there is."""
    counts: dict[str, float] = {}
    for each in found.entries:
        counts[each.role] = counts.get(each.role, 0) + 1
    return Shown(((bars(counts, ("", "Files in the archive"), 280),),), TORCHSERVE)


def question(found: Archive) -> Question:
    """How many faults?"""
    because = (
        "The manifest must name a model, a version and a handler; what it names must be there; no path may lead out, "
        "and no file may be a pickle."
    )
    return Question(
        "How many things are wrong with this archive?", Scale(0, 8, 1, "faults", 0), len(found.faults), because
    )


def goal_of(changes_count: int, found: Archive) -> Goal:
    """One fault hides another."""
    words = (
        "**Two changes, one fault**: find two changes of which the checks report only one, because it hides the other."
    )
    return Goal(words, changes_count == 2 and len(found.faults) == 1, f"Now: {len(found.faults)} faults.")


def damage_in(found: Archive) -> int:
    """How many of the ``CHANGES`` an archive shows."""
    names, model = {each.name for each in found.entries}, found.manifest.get("model", {})
    signs = (HANDLER not in names, "handler" not in model, "optimizer.pkl" in names, "../network.json" in names,
             NETWORK not in names)  # fmt: skip
    return sum(signs)


LOOK = """with zipfile.ZipFile("network.mar") as archive:
    names = archive.namelist()
    manifest = json.loads(archive.read("MAR-INF/MANIFEST.json"))
model = manifest["model"]
missing = [key for key in ("modelName", "modelVersion", "handler") if key not in model]
named = [key for key in ("handler", "serializedFile", "requirementsFile") if key in model]
absent = [model[key] for key in named if model[key] not in names]
print(names, missing, absent)
result = {"files": len(names), "named": len(model), "missing": len(missing), "absent": len(absent)}"""


def program(found: Archive) -> Program:
    """Read a manifest."""
    names, model = [each.name for each in found.entries], dict(found.manifest.get("model", {}))
    missing = [key for key in ("modelName", "modelVersion", "handler") if key not in model]
    named = ("handler", "serializedFile", "requirementsFile")
    absent = [key for key in named if key in model and model[key] not in names]
    shown = {"files": len(names), "named": len(model), "missing": len(missing), "absent": len(absent)}
    text = "import json\nimport zipfile\n\n" + LOOK
    files = {"network.mar": found.content}
    return Program("A TorchServe archive", (Step("Read its manifest", text),), (), shown if model else {}, files=files)


TORCH = View(
    (*SERVED, DAMAGE), measure, draw_made, (), before, question,
    lambda found: goal_of(damage_in(found), found), program,
    files=lambda found: (("Download: network.mar", "network.mar", found.content),),
)  # fmt: skip

# TensorFlow ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layout:
    """A network, and what was found when TensorFlow wrote one of its kind."""

    subject: Playground
    seen: dict[str, Any]

    @property
    def provenance(self) -> str:
        """Where both come from."""
        made = f"Files recorded {self.seen['date']} with TensorFlow {self.seen['tensorflow']}"
        return f"{made} · the network: {self.subject.source}"


def measure_layout(seed: int, **network) -> Layout:
    """The network that TensorFlow is to write."""
    return Layout(Playground(**network, seed=seed), recorded.record()["archives"]["SavedModel"])


def draw_layout(found: Layout) -> Shown:
    """What a SavedModel is, and what was found when one was made."""
    seen = found.seen
    absent = extras.missing("tensorflow-cpu")
    words = (
        f"{TENSORFLOW}\n\nRecorded {seen['date']} with TensorFlow {seen['tensorflow']} on two layers of "
        "8 units with tanh, the activation that this program writes: made, read back and called, its answer differed "
        f"from torch's by **{seen['difference']:.2g}**. {absent}"
    )
    rows = [{"File": name, "Bytes": f"{size:,}"} for name, size in seen["files"].items()]
    return Shown(((lying(seen["files"], "Bytes"),),), words, (rows,))


def before_layout(found: Layout) -> Shown:
    """The network."""
    sizes = {name: value.numel() for name, value in found.subject.model.state_dict().items()}
    return Shown(((lying(sizes, "Numbers in each tensor"),),), TENSORFLOW)


def layout_asked(found: Layout) -> Question:
    """Where are the weights?"""
    options = ("in saved_model.pb", "in variables/", "in the manifest")
    because = "saved_model.pb holds the graph and its signatures; the numbers lie in variables.data-00000-of-00001."
    return Question("Where does a SavedModel keep the weights?", options, options[1], because)


def made(subject: Playground):
    """Let TensorFlow write it; a job."""
    said = yield from saved_model(subject)
    return {**said, "archive": opened(said["content"]), "units": subject.units_per_layer}


def draw_saved(said: dict[str, Any]) -> Shown:
    """What TensorFlow made, read as any stranger's archive is."""
    shown = draw(said["archive"])
    words = f"TensorFlow {said['tensorflow']} answers as torch does, to **{number(said['difference'])}**. {shown.note}"
    return Shown(shown.pictures, words, shown.tables)


def saved_goal(said: dict[str, Any] | None) -> Goal:
    """The widest network."""
    words = f"Let TensorFlow write a network of **{MANY} units per layer** or more, and answer within 1e-5 of torch."
    if not said:
        return Goal(words, False, "Now: no SavedModel was made in this visit.")
    passed = said["units"] >= MANY and said["difference"] < 1e-5
    return Goal(words, passed, f"Now: {said['units']} units per layer, {said['difference']:.2g}.")


FORWARD = """weights = load_file("weights.safetensors")
x = np.array([{row!r}], np.float32)
names = sorted({{name.rpartition(".")[0] for name in weights if name.startswith("hidden")}})
for name in names:
    x = np.tanh(x @ weights[f"{{name}}.weight"].T.numpy() + weights[f"{{name}}.bias"].numpy())
x = x @ weights["output.weight"].T.numpy() + weights["output.bias"].numpy()
powers = np.exp(x - x.max())
result = {{"probabilities": (powers / powers.sum())[0].tolist()}}"""


def layout_program(found: Layout) -> Program:
    """The arithmetic that the SavedModel's graph holds."""
    from safetensors.torch import save

    files = {
        "weights.safetensors": save(
            {name: value.contiguous() for name, value in found.subject.model.state_dict().items()}
        )
    }
    text = FORWARD.format(row=row(found.subject))
    shown = {"probabilities": list(expected(found.subject).values())}
    return Program("What the graph computes", (Step("By hand", text),), (), shown, files=files)


SAVED = View(
    (DATA, DEPTH, WIDTHS), measure_layout, draw_layout, (), before_layout, layout_asked, None,
    layout_program,
    Later("Let TensorFlow write and read it", made, lambda found: (found.subject,), draw_saved, goal=saved_goal),
)  # fmt: skip


def measure_own(content: bytes, seed: int) -> Archive:
    """Look into the learner's file."""
    return opened(content)


OWN = View((), measure_own, draw, program=program)
