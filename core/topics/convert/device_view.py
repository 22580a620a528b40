"""On a small board: operators measured here, carried to another machine by its roofline, against a budget."""

import time
from dataclasses import dataclass

import numpy as np

from core.deployment.costs import Machine, memory, moved, multiply_adds, this_machine
from core.deployment.onnx_files import OnnxFile, opened
from core.deployment.onnx_sessions import profiled
from core.deployment.onnx_writer import written
from core.figures.curves import number
from core.figures.marks import hover, marker, stroke, trace
from core.figures.picture import BLUE, COLORS, ORANGE, PAPER, SYMBOLS, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import pick, scale, slider
from core.lessons.view import Shown, View
from core.models.digits import DigitNetwork, recognizer
from core.programs import Program
from core.topics.convert.programs import program_of_budget

RUNS, FRAMES, LARGE = 3, 30, 224
DEVICES = {  # peak: cores × GHz × float32 operations a cycle, from the makers' data sheets
    "Raspberry Pi 4": Machine(48.0, 12.8, 4.0, "4 Cortex-A72 × 1.5 GHz × 8; LPDDR4-3200, 32 bits (BCM2711 data sheet)"),
    "Raspberry Pi 5": Machine(153.6, 17.1, 8.0, "4 Cortex-A76 × 2.4 GHz × 16; LPDDR4X-4267, 32 bits (product brief)"),
    "Jetson Nano": Machine(235.8, 25.6, 4.0, "128 CUDA cores × 0.92 GHz × 2; LPDDR4, 64 bits (NVIDIA data sheet)"),
    "Jetson Orin Nano": Machine(1280.0, 68.0, 8.0, "1024 CUDA cores × 0.625 GHz × 2; LPDDR5 (NVIDIA data sheet)"),
}
OWN = "your own numbers"
DEVICE = pick("Device", (*DEVICES, OWN))


def named(device: str) -> str:
    """A device in a sentence."""
    return "a device with your own numbers" if device == OWN else f"the {device}"


def is_own(values) -> bool:
    """The learner writes the data sheet."""
    return values["device"] == OWN


LOOKS = (
    DEVICE,
    slider("Frames a second", 1, 120, FRAMES),
    slider("Peak", 1, 4000, 50, help="Billions of float32 operations a second.", format="%d GFLOP/s", when=is_own),
    slider("Bandwidth", 1, 200, 10, help="Billions of bytes a second.", format="%d GB/s", when=is_own),
    slider("Memory", 0.1, 16.0, 1.0, 0.1, format="%.1f GB", when=is_own),
)
CONTROLS = (scale("Picture side", (28, 56, 112, 224), 112), scale("Width factor", (0.25, 0.5, 1.0), 1.0))


@dataclass(frozen=True)
class Measured:
    """The network's file at some size, what its operators need and took here, in seconds, and this machine."""

    file: OnnxFile
    side: int
    width: float
    work: tuple[int, ...]
    moved: tuple[int, ...]
    seconds: tuple[float, ...]
    machine: Machine
    took: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"Measured live · ONNX Runtime's profiler, one thread, this machine's roofline · {self.took:.1f} s"

    @property
    def efficiency(self) -> tuple[float, ...]:
        """The share of this machine's roofline that each operator reached, at most 1."""
        pairs = zip(self.work, self.moved, self.seconds, strict=True)
        return tuple(min(1.0, self.machine.seconds(work, bytes_) / took) for work, bytes_, took in pairs)

    def on(self, device: Machine) -> float:
        """Seconds for one picture on a device whose operators reach the same share of its roofline."""
        rows = zip(self.work, self.moved, self.efficiency, strict=True)
        return sum(device.seconds(work, bytes_) / share for work, bytes_, share in rows)


def measure(picture_side: int, width_factor: float, seed: int) -> Measured:
    """Profile the network at this size on this machine."""
    began = time.perf_counter()
    widths = [round(width * width_factor) for width in (24, 48, 128)]
    model = recognizer()[0] if width_factor == 1 else DigitNetwork(*widths, seed=seed).eval()
    content = written(model, side=picture_side)
    file = opened(content)
    x = np.random.default_rng(seed).random((1, 1, picture_side, picture_side), dtype=np.float32)
    kernels = profiled(content, {"x": x}, RUNS, False)
    work = tuple(multiply_adds(file, each) for each in file.operators)
    bytes_ = tuple(moved(file, each) for each in file.operators)
    seconds = tuple(max(float(each.microseconds.min()), 0.5) / 1e6 for each in kernels)
    machine = this_machine()
    return Measured(file, picture_side, width_factor, work, bytes_, seconds, machine, time.perf_counter() - began)


def machine_of(device: str, peak: int, bandwidth: int, memory: float) -> Machine:
    """The chosen device."""
    return DEVICES.get(device) or Machine(float(peak), float(bandwidth), memory, "your numbers")


def roofline(found: Measured, name: str, device: Machine) -> Picture:
    """Both machines' roofs, and what every operator with multiply-adds reached here."""
    intensity = np.geomspace(0.25, 256, 60)
    roofs = [
        trace("lines", intensity, np.minimum(machine.peak, intensity * machine.bandwidth), name=label,
              line=stroke(color, 2.5, dash), **hover("%{x:.3g} operations a byte: %{y:.3g}", label))
        for label, machine, color, dash in (("this machine, one thread", found.machine, BLUE, "solid"),
                                            (name, device, ORANGE, "dash"))
    ]  # fmt: skip
    kinds = list(dict.fromkeys(each.kind for each, work in zip(found.file.operators, found.work, strict=True) if work))
    dots, words = [], []
    for place, kind in enumerate(kinds):
        rows = [
            (2 * work / bytes_, 2 * work / took / 1e9, f"{at} {each.kind}")
            for at, (each, work, bytes_, took) in enumerate(
                zip(found.file.operators, found.work, found.moved, found.seconds, strict=True), 1
            )
            if each.kind == kind
        ]
        x, y, text = map(list, zip(*rows, strict=True))
        words += [f"{name} {number(value)}" for name, value in zip(text, y, strict=True)]
        dots.append(trace("markers", x, y, name=f"{kind}, measured here", text=text,
                          marker=marker(COLORS[2 + place], 11, SYMBOLS[2 + place], PAPER, 1),
                          **hover("%{text}: %{y:.3g}")))  # fmt: skip
    plan = layout("Operations a byte moved", "Billion operations a second", 420,
                  xaxis={"type": "log", "dtick": 1}, yaxis={"type": "log", "dtick": 1})  # fmt: skip
    alt = (
        f"Rooflines: this machine {number(found.machine.peak)} billion operations and "
        f"{number(found.machine.bandwidth)} billion bytes a second, {name} {number(device.peak)} and "
        f"{number(device.bandwidth)}. "
        f"Reached here: {', '.join(words)}."
    )
    return Picture([*roofs, *dots], plan, alt)


def shown(found: Measured, device: str, frames_a_second: int, peak: int, bandwidth: int, memory: float) -> Shown:
    """The rooflines, and every device against the budget."""
    machine = machine_of(device, peak, bandwidth, memory)
    seconds = found.on(machine)
    note = (
        f"Pictures of {found.side} × {found.side}: **{sum(found.work) / 1e6:,.0f} million** multiply-adds, "
        f"{1000 * sum(found.seconds):.1f} ms on one thread here. If every operator reaches the same share of the "
        f"roofline there, {named(device)} takes **{1000 * seconds:.1f} ms**: "
        f"{fits(seconds, frames_a_second)}. "
        "It is an estimate, optimistic for boards that throttle when warm: measure there, with the program of the "
        "first view."
    )
    table = {**DEVICES, **({OWN: machine} if device == OWN else {})}
    rows = [row(found, name, each, frames_a_second) for name, each in table.items()]
    sheets = [
        {"Device": name, "Peak": f"{each.peak:g} GFLOP/s", "Bandwidth": f"{each.bandwidth:g} GB/s",
         "Memory": f"{each.memory:g} GB", "From": each.source}
        for name, each in table.items()
    ]  # fmt: skip
    return Shown(((roofline(found, device, machine),),), note, (rows, sheets))


def fits(seconds: float, frames: int) -> str:
    """Whether so many pictures a second are reached, in words."""
    return f"{1 / seconds:.0f} a second, {'enough' if seconds * frames <= 1 else 'too few'} for {frames}"


def row(found: Measured, name: str, device: Machine, frames: int) -> dict[str, str]:
    """One device in the table."""
    needed, seconds = memory(found.file), found.on(device)
    return {
        "Device": name, "Milliseconds": f"{1000 * seconds:.1f}", f"{frames} frames a second?": fits(seconds, frames),
        "Memory": f"{needed / 1e6:.1f} MB, {needed / device.memory / 1e9:.2%} of it",
    }  # fmt: skip


def before(found: Measured, **looks) -> Shown:
    """This machine's roof alone, without the device."""
    note = (
        "A roof has two parts: bytes a second limit what computes little with each byte, operations a second the rest. "
        f"One thread here: **{found.machine.peak:.0f}** billion operations, **{found.machine.bandwidth:.0f}** billion "
        "bytes a second, measured a moment ago."
    )
    return Shown(((roofline(found, "this machine once more", found.machine),),), note)


def asked(found: Measured, device: str, frames_a_second: int, peak: int, bandwidth: int, memory: float) -> Question:
    """Does it fit?"""
    options = ["yes", "no"]
    seconds = found.on(machine_of(device, peak, bandwidth, memory))
    truth = options[0] if seconds * frames_a_second <= 1 else options[1]
    text = (
        f"The digits network on pictures of {found.side} × {found.side}: does {named(device)} read "
        f"{frames_a_second} of them a second?"
    )
    because = (
        "Multiply-adds grow with the square of the side and of the width; the roofline says how many of them a machine "
        "can do at best, and the operators here how much of that is reached."
    )
    return Question(text, options, truth, because)


def thirty(found: Measured, device: str, frames_a_second: int, peak: int, bandwidth: int, memory: float) -> Goal:
    """Thirty large pictures a second on a small board."""
    text = (
        f"**A camera on a Pi**: make the network read {FRAMES} pictures of {LARGE} × {LARGE} a second on a Raspberry "
        "Pi 4."
    )
    seconds = found.on(DEVICES["Raspberry Pi 4"])
    now = f"Now: {found.side} × {found.side}, {1 / seconds:.0f} a second."
    return Goal(text, found.side == LARGE and seconds * FRAMES <= 1, now)


def program(found: Measured, device: str, frames_a_second: int, peak: int, bandwidth: int, memory: float) -> Program:
    """The estimate as a program."""
    machine = machine_of(device, peak, bandwidth, memory)
    milliseconds = 1000 * found.on(machine)
    return program_of_budget(found.work, found.moved, found.efficiency, machine.peak, machine.bandwidth, milliseconds)


DEVICES_VIEW = View(CONTROLS, measure, shown, look=LOOKS, before=before, question=asked, goal=thirty, program=program)
