"""Batches: what a network costs alone and together with others."""

import numpy as np

from core.deployment.controls import SERVED
from core.deployment.subjects import deployed
from core.figures.curves import bands, bars
from core.lessons import Goal, Question, Scale
from core.lessons.controls import scale
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.topics.serving.answers import onnx_of, parameters, row
from core.topics.serving.clock import SIZES, Times, times

BATCH = scale("Samples in the batch", SIZES, 1)
LIMIT = 2.0  # milliseconds


def measure(seed: int, **network) -> Times:
    """Time the network at every size."""
    return times(deployed(seed=seed, **network), seed)


def draw(found: Times, samples_in_the_batch: int) -> Shown:
    """Time of a batch, samples a second."""
    milliseconds = 1000 * np.array(found.seconds)
    rates = np.array(SIZES) / np.array(found.seconds)
    place = SIZES.index(samples_in_the_batch)
    note = (
        f"A batch of **{samples_in_the_batch}** takes **{milliseconds[place]:.3g} ms**, "
        f"{1000 * milliseconds[place] / samples_in_the_batch:.3g} µs a sample: "
        f"**{found.gain(samples_in_the_batch):.2g}** times the samples per second of one by one. A call has a price of "
        "its own, and weights that are read from memory serve the whole batch; arithmetic has to be done for "
        "every sample. That is the network alone: HTTP and JSON come on top, for every request."
    )
    one = bands(SIZES, {"one batch": milliseconds}, ("samples in the batch", "milliseconds"), 300, "xy")
    middle = float(np.log10(milliseconds).mean())
    if np.ptp(np.log10(milliseconds)) < 1:  # what hardly differs shall look so
        one.layout["yaxis"] |= {"range": [middle - 0.6, middle + 0.6]}
    other = bands(SIZES, {"samples": rates}, ("samples in the batch", "samples per second"), 300, "xy")
    return Shown(((one, other),), note)


def before(found: Times, samples_in_the_batch: int) -> Shown:
    """One sample alone."""
    alone = bars({"one sample alone": 1000 * found.seconds[0]}, ("", "Milliseconds"), 260)
    words = f"**{found.subject.name}**, {parameters(found.subject):,} weights, in ONNX Runtime on one thread here."
    return Shown(((alone,),), words)


def question(found: Times, samples_in_the_batch: int) -> Question:
    """What does a batch gain?"""
    words = "A batch of 32: how many times more samples per second than one by one?"
    because = "Small or wide layers gain most: their calls, or their weights' way from memory, are paid once per batch."
    return Question(words, Scale(0.0, 32.0, 0.5, "times"), round(found.gain(32), 1), because)


def goal(found: Times, samples_in_the_batch: int) -> Goal:
    """Cheap, and still quick."""
    milliseconds = 1000 * found.seconds[SIZES.index(samples_in_the_batch)]
    gain = found.gain(samples_in_the_batch)
    words = f"Find a batch that makes a sample **twice as cheap** as alone and is still done within **{LIMIT:g} ms**."
    passed = gain >= 2 and milliseconds <= LIMIT
    cheap = "no cheaper than alone" if f"{gain:.2g}" == "1" else f"{gain:.2g} times as cheap"
    return Goal(words, passed, f"Now: {cheap}, {milliseconds:.3g} ms.")


TIMED = """import onnxruntime

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession("network.onnx", options, providers=["CPUExecutionProvider"])
shape = session.get_inputs()[0].shape[1:]
row = np.array({row!r}, np.float32).reshape(shape)
for size in {sizes!r}:
    x = np.repeat(row[None], size, axis=0)
    taken = []
    for _ in range(30):
        began = time.perf_counter()
        session.run(None, {{"x": x}})
        taken.append(time.perf_counter() - began)
    print(size, "samples:", round(1000 * float(np.median(taken)), 4), "ms")
together = session.run(None, {{"x": np.repeat(row[None], 32, axis=0)}})[0]
alone = session.run(None, {{"x": row[None]}})[0]
result = {{"difference": float(np.abs(together - alone).max())}}"""


def program(found: Times, samples_in_the_batch: int) -> Program:
    """The same clock as a file."""
    text = "import time\n" + TIMED.format(row=row(found.subject), sizes=SIZES)
    files = {"network.onnx": onnx_of(found.subject)}
    return Program("What a batch costs", (Step("Time it", text),), (), {"difference": found.difference}, files=files)


BATCHES = View(SERVED, measure, draw, (BATCH,), before, question, goal, program)
