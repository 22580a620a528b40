"""The views of a plane of pictures: the plane itself, a path on it, and a picture of the learner's own."""

from dataclasses import dataclass, replace

import torch
from safetensors.torch import save
from torch import Tensor

from core.data.drawings import Own
from core.data.refusals import OwnDataError
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, pick, slider
from core.lessons.view import Shown
from core.topics.autoencoders import figures
from core.topics.autoencoders.planes import CLEAR, CLOTHES, LARGE, SETS, Path, Plane, own_plane, path, plane
from core.wording import counted

DATA = pick("Data", SETS, help="The small digits are trained on while you wait; the other two planes are shipped.")
ACROSS, UP = (slider(name, -1.0, 1.0, 0.0, 0.05) for name in ("Across", "Up"))
PICTURES = pick("Pictures", (LARGE, CLOTHES))
WEIGHTS = (
    "Own weights (safetensors)",
    ("safetensors",),
    (
        "The state_dict of nn.Linear layers 784-128-48-2-48-128-784 with GELU between them, none at the code; 5 MB at "
        "most."
    ),
)
SURE = 0.95  # how sure the classifier has to be for the challenge
OFFERED = 20  # pictures of each class to choose from


# Plane ---------------------------------------------------------------------------------------------------------------


def point(latent: Plane, across: float, up: float) -> Tensor:
    """The picture at a place, (1, pixels)."""
    return latent.at(torch.tensor([[across, up]], dtype=torch.float32))


def plane_view(latent: Plane, across: float, up: float, is_coloured: bool = True) -> Shown:
    """The plane, all it decodes into, and the picture at the chosen place."""
    picture = point(latent, across, up)
    says = figures.likeliest(latent, picture)
    alt = f"The picture decoded at ({across:.2f}, {up:.2f}); a classifier takes it for: {says}."
    maps = figures.codes(latent, across, up, is_coloured), figures.atlas(latent, across, up)
    decoded = figures.single(picture[0], latent.side, f"decoded here: {says}", alt, 240)
    note = (
        f"Every picture has become two numbers, and every two numbers a picture: **click a place** to decode it. Error "
        f"on held-out pictures **{latent.error:.4f}** per pixel."
    )
    if is_coloured:
        note += (
            f" The colours are a classifier's, trained apart ({latent.judge_accuracy:.0%} right on held-out pictures): "
            f"strong where it is sure. Of the plane, **{latent.clear:.0%}** is a clear picture of one class."
        )
    return Shown(((*maps, decoded),), note, clicked=chosen)


def chosen(spot: dict) -> tuple[tuple[Control, object], ...]:
    """A click in the plane or in what it decodes into sets the place."""
    if spot.get("panel", 0) > 1:  # the decoded picture
        return ()
    return tuple((control, round(min(max(spot[axis], -1.0), 1.0), 2)) for control, axis in ((ACROSS, "x"), (UP, "y")))


def bare_plane(latent: Plane, across: float, up: float) -> Shown:
    """The plane without the classifier's colours."""
    return plane_view(latent, across, up, is_coloured=False)


def how_clear(latent: Plane, across: float, up: float) -> Question:
    """How much of the plane is a clear picture?"""
    because = (
        "Between the classes lie places that no picture was ever encoded to. The decoder must answer there too, and "
        "nothing in the training has said what."
    )
    text = (
        f"On which share of the plane is the decoded picture a clear one: a classifier, trained apart, at least "
        f"{CLEAR:.0%} sure of one class?"
    )
    return Question(text, Scale(0, 100, 5, "%"), 100 * latent.clear, because)


def wanted(latent: Plane) -> int:
    """The class with the least room on the plane that the classifier is sure of somewhere, but not in the middle."""
    answers = latent.map
    middle = answers[len(answers) // 2, len(answers) // 2].argmax()
    best, winner = answers.max(axis=(0, 1)), answers.argmax(axis=-1)
    able = [place for place in range(len(latent.classes)) if best[place] >= SURE and place != middle]
    return min(able or range(len(latent.classes)), key=lambda place: ((winner == place).sum(), -best[place]))


def rarest(latent: Plane, across: float, up: float) -> Goal:
    """Decode the rarest class."""
    place = wanted(latent)
    share = float(latent.judged(point(latent, across, up))[0, place])
    name = latent.classes[place]
    text = f"**Find the rarest**: decode a picture that the classifier takes for **{name}**, at least {SURE:.0%} sure."
    return Goal(text, share >= SURE, f"Now: {name} with {share:.0%}.")


# The learner's weights -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Brought:
    """A plane by the learner's weights; without any, or where they were refused, the shipped one and a sentence."""

    plane: Plane
    sentence: str

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return self.plane.provenance


def measure_brought(file: bytes, pictures: str, seed: int) -> Brought:
    """The plane that a safetensors file makes."""
    if not file:
        return Brought(plane(pictures, seed), "No file yet: this is the shipped network.")
    try:
        return Brought(own_plane(file, pictures), "These are **your weights**.")
    except OwnDataError as refusal:
        return Brought(plane(pictures, seed), f"**Your file was not read.** {refusal} Shown is the shipped network.")


def brought_view(brought: Brought, across: float, up: float) -> Shown:
    """The plane, and whose it is."""
    shown = plane_view(brought.plane, across, up)
    return replace(shown, note=f"{brought.sentence} {shown.note}")


def weights_of(brought: Brought) -> tuple[tuple[str, str, bytes], ...]:
    """The weights on screen, to take away: a file of the kind that this view takes."""
    return (("These weights (safetensors)", "autoencoder.safetensors", save(brought.plane.model.state_dict())),)


# Path ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """Two pictures (2, pixels) and the ways between them."""

    ends: Tensor
    names: tuple[str, str]
    way: Path


def path_controls(latent: Plane) -> tuple[Control, ...]:
    """Which two pictures."""
    return (
        pick("Start at", latent.classes, latent.classes[0]),
        slider("Start number", 1, OFFERED, 1),
        pick("End at", latent.classes, latent.classes[7]),
        slider("End number", 1, OFFERED, 1),
    )


def way_of(latent: Plane, start: str, number: int, end: str, other: int) -> Way:
    """The ways between two held-out pictures, each told by class and number."""
    first, last = (
        latent.pictures[latent.labels == latent.classes.index(name)][place - 1]
        for name, place in ((start, number), (end, other))
    )
    return Way(torch.stack([first, last]), (start, end), path(latent, first, last))


def path_view(latent: Plane, start_at: str, start_number: int, end_at: str, end_number: int) -> Shown:
    """Both ways, where the one runs on the plane, and what the classifier says of them."""
    ways = way_of(latent, start_at, start_number, end_at, end_number)
    way = ways.way
    lowest = [float(says.max(dim=1).values.min()) for says in way.says]
    classes = [len(set(says.argmax(dim=1).tolist())) for says in way.says]
    note = (
        f"Halfway between two codes lies another code; halfway between two pictures lie both at once. On the decoded "
        f"way the classifier sees **{counted(classes[0], 'class', 'classes')}** and is least sure with "
        f"{lowest[0]:.0%}; on the cross-fade **{classes[1]}**, and {lowest[1]:.0%}. From the nearest held-out picture "
        f"the ways are on average {float(way.distances[0].mean()):.3f} and "
        f"{float(way.distances[1].mean()):.3f} away (root mean square)."
    )
    pictures = (
        (figures.ways(latent, way, ways.names),),
        (figures.on_the_way(latent, ways.ends, way), figures.sureness(way)),
    )
    return Shown(pictures, note)


# Own picture ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Placed:
    """A picture (1, pixels) on a plane."""

    plane: Plane
    picture: Tensor
    name: str

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return self.plane.provenance


def measure_own(own: Own, data: str, seed: int) -> Placed:
    """The learner's picture, or the first held-out one, on a plane."""
    latent = plane(data, seed)
    picture = own.values(latent.side) if own.pixels else latent.pictures[:1]
    return Placed(latent, picture, own.name if own.pixels else "a held-out picture")


def own_view(placed: Placed) -> Shown:
    """Where the picture lies, and what is left of it."""
    latent, picture = placed.plane, placed.picture
    across, up = latent.places(picture)[0].tolist()
    back = latent.decoded(latent.codes(picture))
    error = float((back - picture).square().mean())
    usual = (latent.decoded(latent.codes(latent.pictures)) - latent.pictures).square().mean(dim=1)
    stranger = float((usual < error).float().mean())
    where = f"({across:.2f}, {up:.2f})".replace("-", "−")
    note = (
        f"As two numbers, **{placed.name}** lies at {where} of the plane. Decoded again it is off by "
        f"{error:.4f} per pixel, more than **{stranger:.0%}** of the held-out pictures: the less a picture is like "
        f"those of the training, the worse it comes back."
    )
    seen = figures.likeliest(latent, picture)
    rebuilt = figures.likeliest(latent, back)
    both = (
        figures.single(picture[0], latent.side, f"encoded: {seen}", f"The encoded picture, read as {seen}.", 240),
        figures.single(back[0], latent.side, f"decoded: {rebuilt}", f"Decoded again, it is read as {rebuilt}.", 240),
    )
    return Shown((both, (figures.codes(latent, across, up, is_coloured=True),)), note)
