"""Pictures of pictures on their way out of noise, of the codes behind them, and of recorded curves."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from core.figures.curves import line, number
from core.figures.galleries import mosaic
from core.figures.marks import vertical
from core.figures.picture import BLUE, INK, ORANGE, Picture, Replay, encoded, layout, sampled
from core.figures.rasters import greys, raster, signed
from core.topics.diffusion.latent import decoded
from core.topics.diffusion.painting import Painted

FRAMES = 11  # moments of a walk that are shown, at most
SPREAD = 3.0  # numbers of a code beyond which the colours grow no fuller
HEIGHT = 260


def moments(found: Painted) -> list[int]:
    """The stations that are shown: evenly spread, the first and the last among them."""
    last = len(found.stations) - 1
    return sorted({round(last * place / (FRAMES - 1)) for place in range(FRAMES)})


def labels(found: Painted) -> list[str]:
    """The names of the stations that are shown."""
    return [f"step {place}" for place in moments(found)]


def sheet(pictures: Tensor, columns: int = 0) -> np.ndarray:
    """Pictures (count, 1, 28, 28) side by side, (height, width) from 0 to 1; in two rows where nothing else is said."""
    return mosaic(pictures[:, 0].numpy(), columns or math.ceil(len(pictures) / 2), 0.0)


def pictures(values: Tensor, title: str, alt: str, columns: int = 0, height: int = HEIGHT) -> Picture:
    """Pictures (count, 1, 28, 28) from 0 to 1 under a title."""
    whole = sheet(values, columns)
    return raster([greys(whole)], (len(whole), len(whole[0])), title, alt, height)


def on_the_way(found: Painted, codes: Tensor, title: str, alt: str) -> Picture:
    """Codes (stations, count, …) at the shown moments, decoded; the frames are decoded when they are asked for."""
    wanted = moments(found)
    still = pictures(decoded(codes[wanted[-1]]), title, alt)

    def frames() -> list[tuple[dict | None, ...]]:
        flat = decoded(codes[wanted].flatten(0, 1)).unflatten(0, (len(wanted), -1))
        return [({"z": encoded(sampled(sheet(each), 0, 1))},) for each in flat]

    return Picture(still.traces, still.layout, alt, Replay(len(wanted), frames), labels(found))


def film(found: Painted) -> tuple[Picture, ...]:
    """A walk in three pictures: the codes decoded as they are, what the network takes the clean ones for, and the first
    code itself."""
    asked = f"{len(found.stations[0])} pictures of {found.kind}"
    steps = f"in {len(found.stations) - 1} steps"
    way = on_the_way(
        found, found.stations, "the code, decoded", f"{asked}, decoded on their way {steps}: {brightness(found)}."
    )
    guess = on_the_way(
        found,
        torch.cat([found.guesses, found.stations[-1:]]),
        "what the network expects",
        f"What the network expects {asked} to become, {steps}.",
    )
    return way, guess, channels(found)


def brightness(found: Painted) -> str:
    """How bright the first and the last of them are, in words."""
    first, last = (decoded(found.stations[place]).mean().item() for place in (0, -1))
    return f"mean brightness {number(first)} at the start and {number(last)} at the end"


def code_of(code: Tensor) -> np.ndarray:
    """The channels of a code (channels, height, width) in a square of four."""
    return mosaic(code.numpy(), 2, 0.0)


def channels(found: Painted) -> Picture:
    """The code of the first picture, station by station."""
    wanted, first = moments(found), found.stations[:, 0]
    sheets = [signed(code_of(first[place]), SPREAD) for place in wanted]
    spreads = [first[place].std().item() for place in (0, -1)]
    alt = (
        f"The four channels of the first picture's code, 8 by 8 numbers each, step by step; their spread goes from "
        f"{number(spreads[0])} to {number(spreads[1])}."
    )
    still = code_picture(first[-1], "the first one's code", alt)
    frames = [({"z": each["z"]},) for each in sheets]
    return Picture(still.traces, still.layout, alt, frames, labels(found))


def code_picture(code: Tensor, title: str, alt: str) -> Picture:
    """A code (4, 8, 8): blue numbers are positive, orange ones negative."""
    whole = code_of(code)
    return raster([signed(whole, SPREAD)], (len(whole), len(whole[0])), title, alt, HEIGHT)


def recorded(
    x: Sequence[float], curves: dict[str, Sequence[float]], axes: tuple[str, str], here: float, **more
) -> Picture:
    """Recorded curves, and the learner's place on them."""
    styles = ((ORANGE, "solid", "circle"), (BLUE, "dash", "diamond"), (INK, "dot", "square"))
    traces = [
        line(np.array(x), np.array(row), name, color, dash, mode="lines+markers",
             marker={"symbol": symbol, "size": 8, "color": color})
        for (name, row), (color, dash, symbol) in zip(curves.items(), styles, strict=False)
    ]  # fmt: skip
    words = "; ".join(f"{name} " + ", ".join(number(value) for value in row) for name, row in curves.items())
    at = ", ".join(f"{value:g}" for value in x)
    plan = layout(*axes, 280, shapes=[vertical(here, INK, 1.5)], **{"yaxis": {"rangemode": "tozero"}, **more})
    return Picture(traces, plan, f"{axes[1]} at {axes[0]} {at}, recorded: {words}.")
