"""Load: requests that come at random, simulated at once and measured on a real server as a job."""

import json
import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from core.deployment.controls import SERVED
from core.deployment.subjects import Subject, deployed
from core.figures.curves import bands, number
from core.figures.marks import hover, trace
from core.figures.picture import BLUE, DASHES, ORANGE, Picture, layout
from core.jobs.apart import apart
from core.jobs.crews import spreading
from core.jobs.servers import FLEET
from core.lessons import Goal, Question, Scale
from core.lessons.controls import folded, scale, slider
from core.lessons.view import Later, Shown, View
from core.programs import Program, Step, call
from core.provenance import Measured, Sourced
from core.topics.serving.clock import Times, times
from core.topics.serving.folders import FASTAPI, command, folder
from core.topics.serving.queueing import COUNT, Queue, capacity, expected_wait, service, simulated
from core.topics.serving.requests import RIGHT, order

RATES = (20, 50, 100, 200, 400, 800, 1200, 1600, 2000, 3000, 5000, 8000)
ARRIVALS = scale("Requests per second", RATES, 400)
LARGEST = scale("Largest batch", (1, 2, 4, 8, 16, 32), 16)
WAIT = scale("Wait for more (ms)", (0, 1, 2, 5, 10, 20), 2)
HANDLING = slider("HTTP and JSON for a request (ms)", 0.1, 3.0, 0.9, 0.1,
                  help="What a request costs beside the network; the job below shows what it is here.")  # fmt: skip
SWEEP = 1_500  # requests at each rate of the sweep
ALONE, BATCHED = "one by one", "in batches"
MEASURED_RATES, SECONDS, CLIENTS = (50, 150, 300, 600, 1000), 2.0, 16
PATIENCE = 50.0  # milliseconds


@dataclass(frozen=True)
class Loaded(Sourced):
    """The queue at the chosen rate with and without batches, both at every rate, and the times that they use."""

    queues: dict[str, Queue]
    swept: dict[str, list[float]]  # milliseconds within which 95 of 100 are answered
    times: tuple[tuple[int, float], ...]
    clock: Times
    settings: tuple[Subject, int, float, int]  # network, largest batch, wait in ms, seed
    source: Measured

    @property
    def rate(self) -> float:
        """Requests per second as set."""
        return self.queues[ALONE].rate


def measure(
    requests_per_second: int, largest_batch: int, wait_for_more_ms: int, http_and_json_for_a_request_ms: float,
    seed: int, **network,
) -> Loaded:  # fmt: skip
    """Simulate the queue with the network's own times, measured here, and the stated cost of a request."""
    subject = deployed(seed=seed, **network)
    clock = times(subject, seed)
    costs = tuple((size, seconds + size * http_and_json_for_a_request_ms / 1000) for size, seconds in clock.pairs)
    began = time.perf_counter()
    ways = {ALONE: (1, 0.0), BATCHED: (largest_batch, wait_for_more_ms / 1000)}
    queues = {name: simulated(requests_per_second, costs, *way, seed) for name, way in ways.items()}
    swept = {
        name: [simulated(rate, costs, *way, seed, SWEEP).percentile(0.95) for rate in RATES]
        for name, way in ways.items()
    }
    source = Measured(
        (seed,), time.perf_counter() - began, f"Simulated: {COUNT:,} requests, the network's times as measured here"
    )
    return Loaded(queues, swept, costs, clock, (subject, largest_batch, wait_for_more_ms, seed), source)


def histogram(values: dict[str, np.ndarray], height: int = 300) -> Picture:
    """How long requests took, (requests,) milliseconds by way, in bins that grow by a constant factor."""
    low = min(float(each.min()) for each in values.values())
    high = max(float(each.max()) for each in values.values())
    edges = np.geomspace(max(low, 0.01) * 0.99, max(high, low * 1.5, 0.02) * 1.01, 41)
    traces, words = [], []
    for index, (name, each) in enumerate(values.items()):
        counts = np.histogram(each, edges)[0] / len(each)
        color, dash = (ORANGE, BLUE)[index % 2], DASHES[index]
        style = {"color": color, "width": 2.5, "dash": dash, "shape": "hvh"}
        traces.append(
            trace("lines", np.sqrt(edges[1:] * edges[:-1]), counts, name=name, line=style, fill="tozeroy",
                  fillcolor=color + "2b", **hover("%{x:.3g} ms: %{y:.1%}", name))
        )  # fmt: skip
        middle, late = np.median(each), np.quantile(each, 0.95)
        words.append(f"{name} half within {number(float(middle))} ms, 95 of 100 within {number(float(late))} ms")
    alt = f"Histogram of how long requests took: {'; '.join(words)}."
    shape = layout(
        "milliseconds", "share of requests", height, xaxis={"type": "log", "dtick": "D2"}, yaxis={"tickformat": ".0%"}
    )
    return Picture(traces, shape, alt)


def draw(found: Loaded) -> Shown:
    """Histogram at the rate, 95th percentile over all rates, Little's law."""
    shapes = {name: 1000 * queue.seconds for name, queue in found.queues.items()}
    curves = {name: np.array(values) for name, values in found.swept.items()}
    sweep = bands(RATES, curves, ("requests per second", "95% within (ms)"), 300, "xy")
    load = found.rate * found.times[0][1]
    note = (
        f"One by one a request keeps the server busy for {1000 * found.times[0][1]:.3g} ms, so it bears "
        f"{1 / found.times[0][1]:,.0f} a second; at {found.rate:,.0f} it is busy {min(load, 1):.0%} of the time. "
    )
    note += (
        f"In batches of up to {found.settings[1]} it bears {capacity(found.times, found.settings[1]):,.0f}."
        if load < 1
        else "**That is more than it bears**: the line grows for as long as they keep coming."
    )
    return Shown(((histogram(shapes), sweep),), note, (little(found),))


def little(found: Loaded) -> list[dict]:
    """L beside λ W for both ways, and Pollaczek and Khinchine's W."""
    rows = []
    for name, queue in found.queues.items():
        formula = 1000 * expected_wait(found.rate, found.times[0][1])
        rows.append({
            "Requests are answered": name, "λ (per second)": f"{queue.throughput:,.0f}",
            "W (ms)": number(1000 * float(queue.seconds.mean())), "λ · W": number(queue.little),
            "L, counted": number(queue.inside), "95% within (ms)": number(queue.percentile(0.95)),
            "W by formula (ms)": "–" if name == BATCHED else number(formula) if formula < np.inf else "no limit",
            "Mean batch": number(float(1 / np.mean(1 / queue.together))),
        })  # fmt: skip
    return rows


def before(found: Loaded) -> Shown:
    """The service alone."""
    values = np.array([1000 * service(found.times, size) for size in (1, 2, 4, 8, 16, 32)])
    curve = bands((1, 2, 4, 8, 16, 32), {"busy": values}, ("requests in the batch", "server busy (ms)"), 280, "xy")
    words = f"Requests come at random, **{found.rate:,.0f}** a second on average, to one worker. A batch keeps it busy:"
    return Shown(((curve,),), words)


def question(found: Loaded) -> Question:
    """How many are in the house?"""
    queue = found.queues[ALONE]
    high = next((top for top in (5, 20, 100, 500, 2000) if queue.inside < top), 2000)
    words = (
        f"Requests come {found.rate:,.0f} a second and are answered one by one: how many are there on average, waiting "
        "or being answered?"
    )
    because = (
        "Little's law, $L = \\lambda W$: the mean number is the rate at which they are answered times the mean time "
        "they spend; near full load W grows without limit, since random arrivals bunch."
    )
    return Question(words, Scale(0.0, float(high), high / 100, "requests"), queue.inside, because)


def goal(found: Loaded) -> Goal:
    """More than one by one can bear."""
    alone, late = 1 / found.times[0][1], found.queues[BATCHED].percentile(0.95)
    words = (
        f"Bear **1.2 times** as many requests as the server could answer one by one, 95% of them within "
        f"**{PATIENCE:.0f} ms**."
    )
    ratio = found.rate / alone
    return Goal(words, ratio >= 1.2 and late <= PATIENCE, f"Now: {ratio:.2f} times, 95% within {number(late)} ms.")


def program(found: Loaded) -> Program:
    """The simulation."""
    *_, largest, wait, seed = found.settings
    pairs = tuple((size, float(seconds)) for size, seconds in found.times)
    text = (
        f"queue = {call(simulated, found.rate, pairs, largest, wait / 1000, seed)}\n"
        "print('lambda W =', queue.little, ' L =', queue.inside)\n"
        "result = {'little': queue.little, 'inside': queue.inside, 'p95': queue.percentile(0.95)}"
    )
    queue = found.queues[BATCHED]
    shown = {"little": queue.little, "inside": queue.inside, "p95": queue.percentile(0.95)}
    return Program("A queue with batches", (Step("Simulate", text),), (Queue, service, simulated), shown)


# On a real server ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Driven(Sourced):
    """What the load generator saw, by way: a row for each rate."""

    rows: dict[str, list[dict]]
    source: Measured


@spreading
def driven(subject: Subject, largest: int, wait: float, seed: int) -> Generator[tuple, None, Driven]:
    """Start the FastAPI folder twice, without and with batches, and send it requests at some rates; yields (fraction,
    message)."""
    began, rows = time.perf_counter(), {}
    for place, (name, batch, milliseconds) in enumerate(((ALONE, 1, 0.0), (BATCHED, largest, wait))):
        environment = {"BATCH": str(batch), "WAIT_MS": str(milliseconds)}
        rows[name] = yield from within(0.5 * place, f"{name}: ", under_load(subject, environment, seed))
    return Driven(rows, Measured((seed,), time.perf_counter() - began, "Measured on a server on this machine"))


def under_load(found: Subject, environment: dict[str, str], seed: int) -> Generator[tuple, None, list[dict]]:
    """A server's rows, one for each of ``MEASURED_RATES``; it is ended afterwards."""
    server = yield from FLEET.start(command(FASTAPI), folder(FASTAPI, found), FASTAPI.health, environment)
    try:
        server.busy += 1
        wanted = order(RIGHT, "", found)
        settings = {"port": server.port, "body": (wanted.body or b"").decode(), "rates": MEASURED_RATES,
                    "seconds": SECONDS, "clients": CLIENTS, "seed": seed}  # fmt: skip
        for _ in range(20):  # the first requests are slower
            server.call(wanted.method, wanted.path, wanted.body, wanted.headers)
        answer = yield from apart("core.topics.serving.load", json.dumps(settings), "sending requests")
        return answer["rates"]
    finally:
        FLEET.end(server)


def within(
    low: float, words: str, events: Generator[tuple, None, list[dict]]
) -> Generator[tuple[float, str], None, list[dict]]:
    """The progress of a half, from ``low`` on; what it returns."""
    while True:
        try:
            fraction, message = next(events)
        except StopIteration as end:
            return end.value
        yield low + 0.5 * fraction, words + message


def draw_driven(found: Driven) -> Shown:
    """What really happened: percentiles over rates, histograms at the rate where batches matter most, Little's law."""
    rates = np.array(MEASURED_RATES, float)
    late = {name: np.array([quantile(row, 0.95) for row in rows]) for name, rows in found.rows.items()}
    through = {name: np.array([row["answered"] / row["seconds"] for row in rows]) for name, rows in found.rows.items()}
    place = len(MEASURED_RATES) // 2
    shapes = {name: np.array(rows[place]["milliseconds"] or [0.0]) for name, rows in found.rows.items()}
    names = ("requests per second", "95% within (ms)")
    pictures = (
        (bands(rates, late, names, 300, "xy"), bands(rates, through, (names[0], "answered per second"), 300, "xy")),
        (histogram(shapes),),
    )
    words = (
        f"Sent by a process on this machine over {CLIENTS} connections of 127.0.0.1, {SECONDS:g} s at each rate; timed "
        "from the moment a request was due, so that one which had to wait for a free connection counts in full. The "
        f"histogram is of {MEASURED_RATES[place]} requests a second."
    )
    table = [
        {"Requests are answered": name, "Sent per second": f"{row['rate']:.0f}", "Answered": str(row["answered"]),
         "Errors": str(row["errors"]), "λ · W": number(row["answered"] / row["seconds"] * row["mean"]),
         "L, looked at": number(row["inside"]), "Half within (ms)": number(quantile(row, 0.5)),
         "95% within (ms)": number(quantile(row, 0.95))}
        for name, rows in found.rows.items() for row in rows
    ]  # fmt: skip
    return Shown(pictures, words, (table,))


def quantile(row: dict, share: float) -> float:
    """Milliseconds within which a share was answered; not a number where nothing was."""
    return float(np.quantile(row["milliseconds"], share)) if row["milliseconds"] else float("nan")


LATER = Later("Measure it on a real server (about half a minute)", driven, lambda found: found.settings, draw_driven)
SETTINGS = (*SERVED, ARRIVALS, LARGEST, folded(WAIT, HANDLING))
LOAD = View(SETTINGS, measure, draw, (), before, question, goal, program, later=LATER)
