"""Train the very same thing, small: character by character, on sonnets or on a text of the learner's."""

import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from core.figures.curves import bars, line, number
from core.figures.marks import SILENT, stroke, trace
from core.figures.picture import BLUE, GREY, INK, ORANGE, Picture, layout
from core.language.letters import (
    CONTEXT,
    HELD_OUT,
    RATE,
    SIZE,
    SONNETS,
    Letters,
    Moment,
    counted,
    lesson,
    moment,
    network,
)
from core.lessons import Goal, Question
from core.lessons.controls import folded, pick, slider, text
from core.lessons.question import Scale
from core.lessons.view import Later, Shown, View
from core.models.transformer import attention, rotated
from core.programs import Program, Step
from core.provenance import Measured
from core.topics.transformers.programs import through

GIVEN, MINE = "two sonnets", "your text"
SOURCE = pick("Learn from", (GIVEN, MINE))
TEXT = text("Your own text", "", longest=20_000, when=lambda values: values["learn_from"] == MINE,
            help="Paste 400 to 20,000 characters.")  # fmt: skip
LAYERS = slider("Layers", 1, 3, 2)
STEPS = slider("Steps", 60, 600, 120, 60)
MORE = folded(slider("Heads", 1, 4, 4), pick("Width", ("32", "64"), "64"))
WANTED = 2.0  # bits per character that the challenge asks for on the training text


@dataclass(frozen=True)
class Pupil:
    """A network before its first step, and what it is to learn from."""

    letters: Letters
    layers: int
    heads: int
    width: int
    steps: int
    seed: int
    before: Moment

    provenance = "Starting weights, measured live"


@dataclass(frozen=True)
class Taught:
    """A training as it was recorded."""

    pupil: Pupil
    moments: tuple[Moment, ...]
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return Measured((self.pupil.seed,), self.seconds, "Trained live").provenance


def measure(learn_from: str, your_own_text: str, layers: int, steps: int, heads: int, width: str, seed: int) -> Pupil:
    """The untrained network. Raises ``OwnDataError``, one sentence, for a text that is too short."""
    letters = Letters(SONNETS if learn_from == GIVEN else your_own_text)
    heads = max(each for each in (1, 2, 4) if each <= heads)  # what divides every width
    size = int(width)
    model = network(letters, layers, heads, size, seed)
    return Pupil(letters, layers, heads, size, steps, seed, moment(model, letters, 0, seed))


def teach(pupil: Pupil) -> Generator[tuple[float, str], None, Taught]:
    """Train it, as a job that says how far it is."""
    began, moments = time.perf_counter(), []
    for now in lesson(pupil.letters.text, pupil.layers, pupil.heads, pupil.width, pupil.steps, pupil.seed):
        moments.append(now)
        yield now.step / pupil.steps, f"step {now.step}, {now.training:.1f} bits per character"
    return Taught(pupil, tuple(moments), time.perf_counter() - began)


def start_view(pupil: Pupil) -> Shown:
    """What counting achieves, and what an untrained network writes."""
    letters = pupil.letters
    values = {
        "untrained network": pupil.before.held_out,
        **{f"counting {name}": bits for name, bits in counted(letters).items()},
    }
    note = (
        f"{len(letters.text):,} characters, {len(letters.alphabet)} different ones; the last {HELD_OUT:.0%} are held "
        f"out. An untrained network spends **{pupil.before.held_out:.1f} bits** on each. Train it below: it reads "
        f"{CONTEXT} characters at once."
    )
    picture = bars(values, ("", "bits per character, held out"))
    return Shown(((picture,),), note)


def first_bits(pupil: Pupil) -> Question:
    """What does a network know that has learned nothing?"""
    size = pupil.letters.vocabulary
    words = f"Before its first step, how many bits does the network spend on a character, of {size} that it could say?"
    because = f"It knows nothing and spreads evenly: log₂ {size} = {np.log2(size):.2f} bits."
    return Question(words, Scale(0.0, 10.0, 0.5, "bits", 0.5), round(pupil.before.held_out, 2), because)


def counts_only(pupil: Pupil) -> Shown:
    """What counting achieves: what is seen before the guess."""
    values = {f"counting {name}": bits for name, bits in counted(pupil.letters).items()}
    return Shown(((bars(values, ("", "bits per character, held out")),),), "What counting characters achieves.")


def film(taught: Taught) -> Picture:
    """Bits per character over the steps, with a cursor; captions are what was written."""
    steps = np.array([each.step for each in taught.moments])
    rows = {
        "Training": [each.training for each in taught.moments],
        "Held-out": [each.held_out for each in taught.moments],
    }
    level = counted(taught.pupil.letters)["pairs"]
    traces = [
        line(steps, np.array(values), name, color, dash)
        for (name, values), color, dash in zip(rows.items(), (ORANGE, BLUE), ("solid", "dash"), strict=True)
    ]
    traces.append(line(steps[[0, -1]], np.array([level, level]), "counting pairs, held out", GREY, "dot"))
    cursor = trace("lines", [float(steps[-1])] * 2, [0, 1], yaxis="y2", line=stroke(INK, 1.5), **SILENT)
    frames = [(*([None] * len(traces)), {"x": [float(at), float(at)]}) for at in steps]
    second = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
    plan = layout("step", "bits per character", 360, yaxis2=second, yaxis={"rangemode": "tozero"})
    first, last = taught.moments[0], taught.moments[-1]
    told = (
        f"Bits per character over {last.step} steps: training from {number(first.training)} to "
        f"{number(last.training)}, held out from {number(first.held_out)} to {number(last.held_out)}; "
        f"counting pairs {number(level)}."
    )
    captions = [f"step {each.step}\n{' '.join(each.sample.replace(chr(10), ' ⏎ ').split())}" for each in taught.moments]
    return Picture([*traces, cursor], plan, told, frames, [f"step {step}" for step in steps], captions)


def taught_view(taught: Taught) -> Shown:
    """The film, and what it means."""
    last, level = taught.moments[-1], counted(taught.pupil.letters)["pairs"]
    gap = last.held_out - last.training
    note = (
        f"Training **{last.training:.2f}** bits per character, held out **{last.held_out:.2f}** (counting pairs: "
        f"{level:.2f}). {'The gap says that it learns this text by heart. ' if gap > 0.3 else ''}"
        "Rewind to see what it wrote at each step."
    )
    return Shown(((film(taught),),), note)


def which_gap(taught: Taught) -> Question:
    """Does it learn the language or the text?"""
    last, level = taught.moments[-1], counted(taught.pupil.letters)["pairs"]
    words = "It is trained. On the held-out end of the text, is it ahead of counting pairs of characters?"
    because = (
        "What it has learned carries over to lines that it never read, further than pairs do."
        if last.held_out < level
        else "A text of a few lines is soon known by heart; what carries over to lines never read is another matter."
    )
    return Question(words, ["ahead", "behind"], "ahead" if last.held_out < level else "behind", because)


def taught_goal(taught: Taught | None) -> Goal:
    """Learn it well."""
    words = f"Train one that spends **{WANTED:g} bits or less** on a character of its training text."
    last = taught.moments[-1].training if taught else None
    return Goal(
        words, last is not None and last <= WANTED, "Not trained yet." if last is None else f"Now: {last:.2f} bits."
    )


MAIN = """letters = sorted(set(TEXT))
numbers = torch.tensor([3 + letters.index(letter) for letter in TEXT])  # 0 begins a text, 1 and 2 are not used here
numbers = numbers[: int(len(numbers) * {kept})]
layers, heads, width, steps, seed = {settings}
generator = torch.Generator().manual_seed(seed)


def normal(rows: int, columns: int, std: float = 0.02) -> Tensor:
    return torch.empty(rows, columns).normal_(0, std, generator=generator)


weights, less = {{"embedding.weight": normal(3 + len(letters), width)}}, 0.02 / (2 * layers) ** 0.5
for block in (f"blocks.{{layer}}." for layer in range(layers)):
    weights |= {{block + "queries_keys_values.weight": normal(3 * width, width),
                block + "joined.weight": normal(width, width, less),
                block + "mlp.0.weight": normal(4 * width, width),
                block + "mlp.2.weight": normal(width, 4 * width, less)}}
    for name, size in (("queries_keys_values", 3 * width), ("joined", width), ("mlp.0", 4 * width), ("mlp.2", width)):
        weights[f"{{block}}{{name}}.bias"] = torch.zeros(size)
for norm in ("norm", *(f"blocks.{{at}}.{{part}}_norm" for at in range(layers) for part in ("attention", "mlp"))):
    weights |= {{f"{{norm}}.weight": torch.ones(width), f"{{norm}}.bias": torch.zeros(width)}}"""
TRAIN = """parameters = [weight.requires_grad_() for weight in weights.values()]
groups = [{{"params": [weight for weight in parameters if (weight.dim() > 1) is many], "weight_decay": 0.1 * many}}
          for many in (True, False)]
optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95))
for step in range(steps):
    chance = torch.Generator().manual_seed(1_000_003 * seed + step)
    torch.ones(1).multinomial({size}, replacement=True, generator=chance)  # which text: there is one
    begins = (torch.rand({size}, generator=chance).double() * (len(numbers) - {context})).long()
    windows = numbers[begins[:, None] + torch.arange({context} + 1)]
    windows[:, 0] = 0
    _, _, logits = through(windows[:, :-1], weights, (layers, heads, True))
    loss = functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(parameters, 1.0)
    for group in optimizer.param_groups:
        group["lr"] = {rate} * min(1.0, (step + 1) / 10, (steps - step) / (0.1 * steps))
    optimizer.step()
    first = loss.item() if step == 0 else first
result = {{"first loss": first, "last loss": loss.item()}}"""


def code(pupil: Pupil) -> Program:
    """The whole training, written out."""
    settings = pupil.layers, pupil.heads, pupil.width, pupil.steps, pupil.seed
    main = MAIN.format(kept=1 - HELD_OUT, settings=", ".join(map(repr, settings)))
    loop = TRAIN.format(size=SIZE, context=CONTEXT, rate=RATE)
    read = 'with open("text.txt", encoding="utf-8", newline="") as file:\n    TEXT = file.read()'
    steps = (Step("The text", read), Step("Starting weights", main), Step("Training", loop))
    files = {"text.txt": pupil.letters.text}
    return Program("A small transformer, trained", steps, (attention, rotated, through), files=files)


VIEW = View(
    (SOURCE, TEXT, LAYERS, STEPS, MORE), measure, start_view, before=counts_only, question=first_bits, program=code,
    later=Later("Train it", teach, lambda pupil: (pupil,), taught_view, which_gap, taught_goal),
)  # fmt: skip
