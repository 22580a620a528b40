"""Build time against latency: eager, TorchScript, torch.compile, AOTInductor, and ONNX Runtime beside them."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.deployment.clock import Latency, shortly
from core.figures.curves import across, line, number
from core.figures.marks import hover, marker, trace
from core.figures.picture import BLUE, INK, ORANGE, Picture, encoded, layout, transparent
from core.jobs.apart import apart
from core.lessons import Goal, Question
from core.lessons.controls import Control, pick, scale
from core.lessons.view import Later, Shown, View
from core.topics.torchscript_tensorrt.programs import program_of_payoff, program_of_times
from core.topics.torchscript_tensorrt.record import RECORD
from core.topics.torchscript_tensorrt.subjects import COMPILER, DIGITS, NETWORKS, YOURS, argument, compiler
from core.topics.torchscript_tensorrt.ways import AOT, COMPILED, EAGER, ORT, WAYS
from core.wording import counted

MODULE = "core.topics.torchscript_tensorrt.ways"
NETWORK = pick("Compiled network", NETWORKS, DIGITS)
CALLS = scale("Calls", tuple(10**power for power in range(8)), 100)
MILLION = 1e6
DRAWN = 50  # points of a curve


@dataclass(frozen=True)
class Clocked:
    """What was measured of every way: ``build`` seconds, ``apart`` (millionths from eager) and ``latency``."""

    network: str
    build: Mapping[str, float]
    apart: Mapping[str, float]
    latency: Mapping[str, Latency]
    card: str
    provenance: str

    def crossing(self, way: str, quantile: int = -1) -> float:
        """After how many calls a way has paid for its build: from the medians, or from the unlucky (0) or lucky (1)
        ends of their 95% intervals; infinite if it never does."""
        eager, other = self.latency[EAGER], self.latency[way]
        pair = (eager.median, other.median) if quantile < 0 else (eager.middle[quantile], other.middle[1 - quantile])
        saved = pair[0] - pair[1]
        return 1000 * max(self.build[way] - self.build[EAGER], 0) / saved if saved > 0 else float("inf")


def clocked(said: Mapping[str, Any], provenance: str) -> Clocked:
    """What the measuring process said, or the record holds."""
    ways = said["ways"]
    return Clocked(
        said["network"], {way: each["build"] for way, each in ways.items()},
        {way: each["apart"] for way, each in ways.items()},
        {way: Latency(np.array(each["milliseconds"])) for way, each in ways.items()}, said["card"], provenance,
    )  # fmt: skip


def measure(compiled_network: str, seed: int) -> Clocked:
    """Look the record up."""
    return clocked(RECORD.contents["ways"][compiled_network], RECORD.source.provenance)


def measuring(network: str) -> Generator[tuple[float, str], None, Clocked]:
    """Build and time every way here, in steps (fraction, message). Raises ``ValueError`` where that takes too long."""
    said = yield from apart(MODULE, argument(network=network, batch=1), "starting")
    return clocked(said, "Built and timed on this machine, in a process of its own")


def pair(found: Clocked) -> tuple[Picture, Picture]:
    """Build times and latencies."""
    names = list(found.build)
    return (
        across(names, {"build": [found.build[way] for way in names]}, "Seconds to build"),
        across(names, {"median": [found.latency[way].median for way in names],
                       "95th percentile": [found.latency[way].p95 for way in names]}, "Milliseconds a call",
               160 + 44 * len(names)),
    )  # fmt: skip


def table(found: Clocked) -> list[dict]:
    """All ways side by side."""
    return [
        {"Way": way, "Build (s)": f"{found.build[way]:.3g}", "Median / p95 (ms)": latency.words,
         "95% interval of the median": " to ".join(map(shortly, latency.middle)),
         "Furthest from eager": f"{found.apart[way] / MILLION:.1g}", "Pays off after": after(found.crossing(way))
         if way != EAGER else "–"}
        for way, latency in found.latency.items()
    ]  # fmt: skip


def after(calls: float) -> str:
    """A crossing in words."""
    return "never here" if not np.isfinite(calls) else counted(max(round(calls), 1), "call")


def shown(found: Clocked) -> Shown:
    """The two clocks."""
    absent = "" if compiler() else (
        f" No C++ compiler was found here, so torch.compile and AOTInductor cannot build: `{COMPILER}` (Debian, "
        "Ubuntu) or `xcode-select --install` (macOS) brings one."
    )  # fmt: skip
    slowest = max(found.build, key=lambda way: found.build[way])
    fastest = min(found.latency, key=lambda way: found.latency[way].median)
    against = f" against eager's {shortly(found.latency[EAGER].median)}"
    note = (
        f"{found.network.capitalize()}, one row a call: **{fastest}** answers fastest, in "
        f"{shortly(found.latency[fastest].median)} ms{against if fastest != EAGER else ''}. "
        f"The longest to build was {slowest}, with {found.build[slowest]:.3g} s. Card: {found.card}. "
        f"A busy machine builds many times as long as an idle one.{absent}"
    )
    return Shown((pair(found),), note, (table(found),))


def before(found: Clocked) -> Shown:
    """The latencies alone."""
    names = [EAGER, ORT]
    picture = across(names, {"median": [found.latency[way].median for way in names]}, "Milliseconds a call")
    return Shown(((picture,),), f"{found.network.capitalize()} as it is, and in ONNX Runtime. Card: {found.card}.")


BUILDS = ["less than 0.1 s", "0.1 to 2 s", "more than 2 s"]


def asked(found: Clocked) -> Question:
    """How long is the first call?"""
    seconds = found.build[COMPILED]
    truth = BUILDS[0] if seconds < 0.1 else BUILDS[1] if seconds <= 2 else BUILDS[2]
    text = "torch.compile(model) returns at once. How long does the first call of this network take?"
    because = "The first call finds the graph, writes C++ for it, and waits until a C++ compiler is done with that."
    return Question(text, BUILDS, truth, because)


def beaten(found: Clocked | None) -> Goal:
    """A measurement of the learner's own."""
    text = (
        "**Your own clock**: find, on this machine, a network for which some way pays off within 100,000 calls, and "
        "agrees with eager to 0.0001."
    )
    if found is None:
        return Goal(text, False, "Now: nothing was measured on this machine.")
    best = min((way for way in found.latency if way != EAGER), key=found.crossing)
    passed = found.crossing(best) <= 1e5 and found.apart[best] / MILLION < 1e-4
    return Goal(text, passed, f"Now: {best} after {after(found.crossing(best))}.")


def parameters(found: Clocked) -> int:
    """How many weights the program's network has: the playground's, two hidden layers of eight."""
    return RECORD.contents["parameters"][YOURS]


COMPILE = View(
    (NETWORK,), measure, shown, before=before, question=asked,
    program=lambda found: program_of_times(parameters(found)),
    later=Later("Build and time them on this machine", measuring, lambda found: (found.network,), shown, goal=beaten),
)  # fmt: skip


def totals(found: Clocked, way: str, calls: int) -> Picture:
    """Seconds for build and calls together over the number of calls; bands from the intervals of the medians."""
    axis = np.logspace(0, 7, DRAWN)
    traces: list[dict] = []
    for name, color, dash in ((EAGER, BLUE, "solid"), (way, ORANGE, "dash")):
        low, high = found.latency[name].middle
        values = [found.build[name] + axis * each / 1000 for each in (low, found.latency[name].median, high)]
        around = np.r_[axis, axis[::-1]]
        traces.append({"type": "scatter", "mode": "lines", "x": encoded(around), "fill": "toself",
                       "y": encoded(np.r_[values[2], values[0][::-1]]), "line": {"width": 0}, "hoverinfo": "skip",
                       "fillcolor": transparent(color, 0.18), "showlegend": False})  # fmt: skip
        traces.append(line(axis, values[1], name, color, dash))
    here = found.build[way] + calls * found.latency[way].median / 1000
    traces.append(trace("markers", [calls], [here], name="your number of calls", marker=marker(INK, 12, "diamond-open"),
                        **hover("%{x} calls: %{y:.3g} s")))  # fmt: skip
    plan = layout("Calls", "Seconds, build and calls together", 420, xaxis={"type": "log", "dtick": 1},
                  yaxis={"type": "log", "dtick": 1})  # fmt: skip
    alt = f"Total seconds over calls for eager and {way}: they cross after {after(found.crossing(way))}."
    return Picture(traces, plan, alt)


def looks(found: Clocked) -> tuple[Control, ...]:
    """Which way is weighed, and for how many calls."""
    return pick("Pays off", [way for way in found.latency if way != EAGER], COMPILED), CALLS


def weighed(found: Clocked, pays_off: str, calls: int) -> Shown:
    """The curves, and what is cheaper now."""
    way = pays_off if pays_off in found.latency else WAYS[1]
    total = {each: found.build[each] + calls * found.latency[each].median / 1000 for each in (EAGER, way)}
    cheaper = min(total, key=lambda each: total[each])
    span = f"{after(found.crossing(way, 1))} at best, {after(found.crossing(way, 0))} at worst"
    note = (
        f"{counted(calls, 'call')}: eager **{number(total[EAGER])} s**, {way} **{number(total[way])} s**; "
        f"{cheaper} is cheaper. Break even: **{after(found.crossing(way))}** ({span}, by the "
        f"intervals of the medians). Card: {found.card}."
    )
    return Shown(((totals(found, way, calls),),), note, (table(found),))


def when(found: Clocked, pays_off: str, calls: int) -> Question:
    """Is it worth it?"""
    options = ["eager", pays_off]
    truth = options[found.crossing(pays_off) < calls]
    text = (
        f"{counted(calls, 'call')} of {found.network}, and then the process ends. Which is done first, its build "
        "included?"
    )
    because = "The build is paid once, the difference of the latencies at every call: what counts is their quotient."
    return Question(text, options, truth, because)


def cheapest(found: Clocked, pays_off: str, calls: int) -> Goal:
    """Where the compiler wins."""
    text = (
        "**Where a compiler wins**: find a compiler (torch.compile or AOTInductor), a network and a number of calls at "
        "which it has paid off."
    )
    passed = pays_off in (COMPILED, AOT) and found.crossing(pays_off) <= calls
    even = after(found.crossing(pays_off))
    return Goal(text, bool(passed), f"Now: {pays_off}, {counted(calls, 'call')}; break even: {even}.")


def program(found: Clocked, pays_off: str, calls: int):
    """The break-even in numbers."""
    medians = {way: found.latency[way].median for way in (EAGER, pays_off)}
    build = {way: found.build[way] for way in (EAGER, pays_off)}
    saved = medians[EAGER] - medians[pays_off]
    crossing = 1000 * (build[pays_off] - build[EAGER]) / saved if saved > 0 else -1.0
    return program_of_payoff(build, medians, EAGER, pays_off, {"saved": saved, "calls": crossing})


PAYS = View(
    (NETWORK,), measure, weighed, looks, question=when, goal=cheapest, program=program,
    before=lambda found, pays_off, calls: Shown((pair(found)[:1],), f"What is paid once. Card: {found.card}."),
    later=Later("Measure it on this machine", measuring, lambda found: (found.network,),
                lambda found: weighed(found, COMPILED, 10**5)),
)  # fmt: skip
