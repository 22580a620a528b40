"""The view of loading and training side by side in time."""

import numpy as np

from core.figures.curves import number
from core.figures.marks import hover
from core.figures.picture import BLUE, GREY, ORANGE, Picture, layout, transparent
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, scale
from core.lessons.view import Later, Shown, View
from core.programs import Program, Step
from core.topics.dataloaders.loading import BATCHES, MAIN, SIDE, Plan
from core.topics.dataloaders.timeline import (
    BATCH_SIZE,
    CHANNELS,
    PREFETCH,
    RECORD,
    WORKERS,
    Pair,
    Timeline,
    measured_pair,
    recorded,
)
from core.wording import counted

NETWORKS = dict(zip(("small", "large"), CHANNELS, strict=True))
CONTROLS = (
    scale("Workers", WORKERS, 2, help="Processes that load while the network trains."),
    scale(
        "Prefetch factor", PREFETCH, 1, when=lambda values: values["workers"] > 0, help="Batches kept ready by each."
    ),
    pick("Network", NETWORKS, help="How long a training step takes."),
)
MOSTLY = 0.9


def measure(workers: int, prefetch_factor: int, network: str, seed: int) -> Timeline:
    """The recorded measurement; a seed changes nothing of how long loading takes."""
    return recorded(Plan(workers, prefetch_factor, BATCH_SIZE, NETWORKS[network]))


def row(worker: int) -> str:
    """The name of a process."""
    return "training" if worker == MAIN else f"worker {worker + 1}"


def bar(names: list[str], spans: np.ndarray, kind: str, color: str, pattern: str, words: list[str]) -> dict:
    """Bars from when to when (bars, 2), one colour and one pattern."""
    begins, ends = spans.T.tolist()
    return {
        "type": "bar", "orientation": "h", "name": kind, "y": names, "base": begins,
        "x": [end - begin for begin, end in zip(begins, ends, strict=True)], "width": 0.7,
        "marker": {"color": transparent(color, 0.75), "line": {"color": color, "width": 1},
                   "pattern": {"shape": pattern, "fgcolor": color, "size": 5}},
        "text": words, "textposition": "inside", "insidetextanchor": "middle", "textangle": 0, "constraintext": "none",
        **hover("%{y}, batch %{text}: %{x:.3f} s from %{base:.3f} s", kind),
    }  # fmt: skip


def gantt(found: Timeline, axis: str = "Seconds since the first loading began") -> Picture:
    """Who was busy when: a row for the training, one for each worker."""
    batches = [str(place + 1) for place in range(len(found.steps))]
    loads = bar([row(worker) for worker in found.owners], np.array([load[1:] for load in found.loads]), "loading",
                BLUE, "", batches)  # fmt: skip
    main = [row(MAIN)] * len(batches)
    steps = bar(main, found.steps[:, 1:], "training", ORANGE, "/", batches)
    traces = [{**steps, "textposition": "none"}, loads]  # too narrow for numbers: under the mouse only
    if found.plan.workers:
        traces.insert(1, bar(main, found.steps[:, :2], "waiting", GREY, ".", [""] * len(batches)))
    names = [row(MAIN), *(row(worker) for worker in range(found.plan.workers))][::-1]
    end = max(found.steps[-1, 2], max(load[2] for load in found.loads))
    plan = layout(
        axis, "", 150 + 46 * len(names), barmode="overlay",
        yaxis={"categoryorder": "array", "categoryarray": names, "showgrid": False}, xaxis={"range": [0, float(end)]},
    )  # fmt: skip
    who = counted(found.plan.workers, "worker") if found.plan.workers else "no workers, the training process loads"
    alt = (
        f"{len(batches)} batches, {who}: done after {number(end)} s, of which the training waited for data "
        f"{found.waiting:.0%}; {found.throughput:.0f} pictures a second."
    )
    return Picture(traces, plan, alt)


def draw(found: Timeline) -> Shown:
    """The bars and what they add up to."""
    begun = f"Starting the workers took {found.start:.1f} s, which is not drawn. " if found.plan.workers else ""
    since = "from the second batch on" if found.plan.workers else "from the first batch on"
    note = (
        f"**{found.throughput:.0f} pictures a second** ({since}); the training waited for data "
        f"**{found.waiting:.0%}** of that time. {begun}Each picture is a JPEG file, opened and brought to "
        f"{SIDE} × {SIDE}; the numbers are batches. Recorded on {RECORD.contents['cores']} cores: yours differ."
    )
    return Shown(((gantt(found),),), note)


def before(found: Timeline) -> Shown:
    """Only the first batch."""
    loads = bar([row(found.loads[0][0])], np.array([found.loads[0][1:]]), "loading", BLUE, "", ["1"])
    plan = layout("Seconds since the first loading began", "", 190, barmode="overlay")
    alt = f"Loading the first batch took {number(found.loads[0][2] - found.loads[0][1])} s."
    return Shown(((Picture([loads], plan, alt),),))


def question(found: Timeline) -> Question:
    """How long does the training wait?"""
    who = f"With {counted(found.plan.workers, 'worker')}" if found.plan.workers else "Without workers"
    text = f"{who}: what share of the time does the training wait for data?"
    because = (
        "Workers load the next batches during a step; the wait that is left is loading that the steps cannot hide."
        if found.plan.workers
        else "One process does both in turn, so all loading is waiting."
    )
    return Question(text, Scale(0, 100, 1, "%"), round(100 * found.waiting), because)


def goal(found: Timeline) -> Goal:
    """Keep the training busy."""
    busy = 1 - found.waiting
    text = f"Find settings with which the training is busy more than **{MOSTLY:.0%}** of the time."
    return Goal(text, busy > MOSTLY, f"Now: busy {busy:.0%} of the time.")


def draw_pair(pair: Pair) -> Shown:
    """This machine's own bars, without and with pinned memory."""
    plain, pinned = pair.plain, pair.pinned
    note = (
        f"On this machine: **{plain.throughput:.0f}** pictures a second; with `pin_memory=True` "
        f"**{pinned.throughput:.0f}**. {pinning(pinned)}"
    )
    ways = gantt(plain, "Seconds, without pinned memory"), gantt(pinned, "Seconds, with pinned memory")
    return Shown(tuple((way,) for way in ways), note)


def pinning(pinned: Timeline) -> str:
    """What pinned memory did here."""
    if pinned.device == "cpu":
        return "This machine has no accelerator: torch ignores the setting, so a difference is chance."
    return f"Pinned pages can be copied to the {pinned.device} while the processor goes on."


FILES = """import io

from PIL import Image
from torch.utils.data import DataLoader, Dataset, get_worker_info


class Pictures(Dataset):
    \"\"\"JPEG files, opened when they are asked for. Put your own names here instead of the bytes.\"\"\"

    def __init__(self, count: int) -> None:
        file = io.BytesIO()
        Image.effect_noise(({large}, {large}), 60).convert("RGB").save(file, "JPEG")
        self.files = [file.getvalue()] * count

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        with Image.open(io.BytesIO(self.files[place])) as file:
            small = file.resize(({side}, {side}))
        info = get_worker_info()
        return torch.from_numpy(np.array(small)).permute(2, 0, 1) / 255, info.id if info else -1"""
LOAD = """if __name__ == "__main__":  # a worker that is started afresh runs this file again, without this part
    loader = DataLoader(Pictures({count}), {options}, pin_memory=torch.accelerator.is_available())
    owners = [worker[0].item() for pixels, worker in loader]
    result = {{"owners": owners}}"""


def program_of_timeline(found: Timeline) -> Program:
    """The same loader: which worker brings which batch. How long it takes is for the machine to say."""
    options = f"batch_size={found.plan.batch_size!r}, num_workers={found.plan.workers!r}"
    if found.plan.workers:
        options += f", prefetch_factor={found.plan.prefetch!r}"
    steps = (
        Step("A dataset of files", FILES.format(large=384, side=SIDE)),
        Step("Load it", LOAD.format(count=found.plan.batch_size * BATCHES, options=options)),
    )
    return Program("A DataLoader with workers", steps, shown={"owners": found.owners})


LATER = Later("Measure this on this machine", measured_pair, lambda found: (found.plan,), draw_pair)
TIMELINE = View(CONTROLS, measure, draw, (), before, question, goal, program_of_timeline, LATER)
