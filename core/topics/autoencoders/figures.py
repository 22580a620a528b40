"""Pictures of planes, of decoded pictures, and of what becomes of them."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor
from torch.nn import functional

from core.figures.curves import bands, line
from core.figures.galleries import strip
from core.figures.picture import COLORS, INK, PAPER, Picture, encoded, square, transparent
from core.figures.rasters import greys, raster
from core.topics.autoencoders.planes import GRID, Path, Plane, places_of

TEN = (*COLORS, "#8a5a3c", "#6a5acd", "#2a8fa8", "#a8324a")
SHORT = ("Ts", "Tr", "Pu", "Dr", "Co", "Sa", "Sh", "Sn", "Ba", "Bo")
STEP = 25  # shades of each of the ten classes in a map
EDGE = 1.06  # how far a plane is drawn
HEIGHT = 340


def marks(classes: Sequence[str]) -> tuple[str, ...]:
    """What stands for each class on a plane: the digit itself, or two letters."""
    return tuple(classes) if all(len(name) == 1 for name in classes) else SHORT


def scattered(places: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> list[dict]:
    """Pictures on a plane, each as the mark of its class."""
    traces = []
    for place, (name, mark) in enumerate(zip(classes, marks(classes), strict=True)):
        mine = places[labels == place]
        traces.append(
            {
                "type": "scatter",
                "mode": "text",
                "x": encoded(mine[:, 0]),
                "y": encoded(mine[:, 1]),
                "text": [mark] * len(mine),
                "textfont": {"color": TEN[place], "size": 11},
                "name": name,
                "hovertemplate": f"(%{{x:.2f}}, %{{y:.2f}})<extra>{name}</extra>",
                "showlegend": False,
            }
        )
    return traces


def here(across: float, up: float, color: str = INK) -> dict:
    """The chosen place."""
    ring = {"size": 17, "symbol": "circle-cross-open", "color": color, "line": {"width": 2.5, "color": color}}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [across],
        "y": [up],
        "marker": ring,
        "name": "decoded",
        "hoverinfo": "skip",
        "showlegend": False,
    }


def judged(latent: Plane) -> dict:
    """The plane coloured by the classifier: the class's colour, the stronger the surer."""
    answers = latent.map
    sure = ((answers.max(axis=-1) - 0.3) / 0.7).clip(0, 1)
    shades = (answers.argmax(axis=-1) * STEP + sure * (STEP - 1)).astype(np.uint8)
    ticks = np.linspace(-1, 1, GRID, dtype=np.float32)
    scale: list[list] = []
    for place, color in enumerate(TEN):
        scale += [
            [place * STEP / 255, transparent(color, 0.02)],
            [(place * STEP + STEP - 1) / 255, transparent(color, 0.42)],
        ]
    return {
        "type": "heatmap",
        "x": encoded(ticks),
        "y": encoded(ticks),
        "z": encoded(shades),
        "zmin": 0,
        "zmax": 255,
        "colorscale": [*scale, [1, transparent(TEN[-1], 0.42)]],
        "showscale": False,
        "hoverinfo": "skip",
    }


def titled(text: str) -> dict:
    """A title above a plane."""
    return {"text": text, "font": {"size": 14}, "x": 0.5, "y": 0.99, "yanchor": "top"}


def codes(latent: Plane, across: float, up: float, is_coloured: bool) -> Picture:
    """Held-out pictures on the plane, coloured behind by the classifier."""
    places, labels = latent.places(latent.pictures).numpy(), latent.labels.numpy()
    traces = [*([judged(latent)] if is_coloured else []), *scattered(places, labels, latent.classes), here(across, up)]
    coloured = (
        f" Behind them a classifier's answer: {latent.clear:.0%} of the plane decodes into a clear picture."
        if is_coloured
        else ""
    )
    alt = (
        f"{len(places)} held-out pictures on a plane of two numbers, each marked by its class; the decoded place is "
        f"({across:.2f}, {up:.2f}).{coloured}"
    )
    return Picture(traces, square(EDGE, HEIGHT, title=titled("held-out pictures")), alt)


def atlas(latent: Plane, across: float, up: float) -> Picture:
    """What the plane decodes into, place by place."""
    count, edge = (10, 1) if latent.side < 20 else (12, 0)  # small digits fill their pictures and need a gap
    tiles = (
        latent.at(places_of(count) * (1 - 1 / count)).unflatten(1, (latent.side, latent.side)).flip(1)
    )  # the bottom row first
    tiles = functional.pad(tiles, (edge,) * 4).unflatten(0, (count, count))
    pixels = tiles.permute(0, 2, 1, 3).reshape(count * (latent.side + 2 * edge), -1).numpy()
    ticks = np.linspace(-1, 1, len(pixels), dtype=np.float32)
    picture = greys(pixels, x=encoded(ticks), y=encoded(ticks))
    spot = here(across, up, COLORS[0])
    alt = (
        f"{count} times {count} decoded pictures, spread evenly over the plane; the place ({across:.2f}, {up:.2f}) is "
        "marked."
    )
    return Picture([picture, spot], square(EDGE, HEIGHT, title=titled("what the plane decodes into")), alt)


def likeliest(latent: Plane, picture: Tensor) -> str:
    """What the classifier takes a picture (1, pixels) for, in words."""
    answer = latent.judged(picture)[0]
    return f"{latent.classes[int(answer.argmax())]}, {float(answer.max()):.0%} sure"


def single(pixels: Tensor, side: int, title: str, alt: str, height: int = HEIGHT) -> Picture:
    """One picture (pixels,)."""
    return raster([greys(pixels.reshape(side, side).numpy())], (side, side), title, alt, height)


def ways(latent: Plane, way: Path, names: tuple[str, str]) -> Picture:
    """Both ways from one picture to the other, step by step."""
    alt = (
        f"Two rows of {len(way.decoded)} pictures from {names[0]} to {names[1]}: decoded along a straight line of the "
        "plane, and the same ends faded into each other pixel by pixel."
    )
    return strip({"decoded step by step": way.decoded, "cross-fade of the pixels": way.faded}, latent.side, alt, 200)


def on_the_way(latent: Plane, ends: Tensor, way: Path) -> Picture:
    """The straight line on the plane."""
    places = latent.places(ends).numpy()
    reach = float(max(EDGE, np.abs(places).max() * 1.05))
    labels = latent.labels.numpy()
    traces = [judged(latent), *scattered(latent.places(latent.pictures).numpy(), labels, latent.classes)]
    steps = np.linspace(places[0], places[1], len(way.decoded))
    traces.append(
        {
            **line(steps[:, 0], steps[:, 1], "the way", INK),
            "mode": "lines+markers",
            "showlegend": False,
            "marker": {"size": 8, "color": PAPER, "line": {"width": 2, "color": INK}},
        }
    )
    start, end = (f"({across:.2f}, {up:.2f})" for across, up in places)
    alt = f"The straight way on the plane from {start} to {end}."
    return Picture(traces, square(reach, HEIGHT, title=titled("the way on the plane")), alt)


def sureness(way: Path) -> Picture:
    """How sure the classifier is along both ways."""
    share = np.linspace(0, 1, len(way.decoded))
    curves = {
        name: says.max(dim=1).values.numpy() for name, says in zip(("decoded", "cross-fade"), way.says, strict=True)
    }
    picture = bands(share, curves, ("share of the way", "surest answer of the classifier"), HEIGHT)
    picture.layout["yaxis"] |= {"range": [0, 1.04], "tickformat": ".0%"}
    picture.layout["xaxis"] |= {"tickformat": ".0%"}
    return picture
