"""Why a copy of a perfect driver fails: its small errors lead it to places that its teacher never showed.

    python -m core.projects.driving.drift

clones the expert from one lap, lets the expert and the clone drive the same unseen tracks, and writes what it measures
to ``assets/recorded/self_driving.json``.
"""

import json
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.provenance import Recorded, fingerprint

PATH = Path(__file__).resolve().parents[3] / "assets" / "recorded" / "self_driving.json"
SPECIFICATION = {"lap": 300_001, "clone_seed": 0, "tracks": list(range(410_000, 410_006)), "steps": 300, "bins": 8}
RATE = 50  # frames in a second
QUESTION = "A clone of the expert's lap sits beside the expert on new tracks, then drives them alone. Its error …"
ANSWERS = ("stays the same", "doubles or so", "grows more than fivefold")
STEPS_SHOWN = """network, objective = RoadNetwork(seed=1), Imitation(seed=1)
generator = torch.Generator().manual_seed(1)
views = torch.randint(0, 256, (64, 3, 48, 48), generator=generator, dtype=torch.uint8)  # frames of a drive go here
answers = torch.rand(64, 3, generator=generator) * 0.4  # and what the expert did in them
optimizer = torch.optim.Adam(network.parameters(), 1e-3)
for step in range(20):
    loss = objective(network, views, answers)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("parameters", sum(one.numel() for one in network.parameters()))
print("loss", loss.item())
print("steering, gas, brake", actions(network(views[:1]))[0].tolist())"""


@dataclass(frozen=True)
class Drift:
    """What was measured. ``beside`` and ``alone`` (tracks, seconds) are the clone's mean errors of steering, radians,
    second by second, on frames the expert drove into and on frames it drove into itself; ``distance`` and ``error``
    (bins,) say how the error grows with the distance from the training frames, 1 being how far apart those lie."""

    beside: np.ndarray
    alone: np.ndarray
    distance: np.ndarray
    error: np.ndarray
    off: np.ndarray
    source: Recorded

    @property
    def answer(self) -> str:
        """What becomes of the error when the clone drives, as one of ``ANSWERS``."""
        return ANSWERS[0] if self.growth < 1.5 else ANSWERS[1] if self.growth < 5 else ANSWERS[2]

    @property
    def because(self) -> str:
        """The measured errors in one sentence."""
        return (
            f"Beside the expert its steering is off by {self.beside.mean():.3f} radians, alone by "
            f"{self.alone.mean():.3f}: each error leads to frames a little further from those it was taught."
        )

    @property
    def growth(self) -> float:
        """How many times larger the error is when the clone drives than when it sits beside the expert."""
        return float(self.alone.mean() / self.beside.mean())


@lru_cache(maxsize=1)
def recorded() -> Drift:
    """The shipped measurement; ``ValueError`` if the file belongs to another specification."""
    told = json.loads(PATH.read_text())
    if told["specification"] != fingerprint(SPECIFICATION):
        raise ValueError("The recorded drift is out of date: python -m core.projects.driving.drift makes it again.")
    arrays = {name: np.array(told[name]) for name in ("beside", "alone", "distance", "error", "off")}
    return Drift(**arrays, source=Recorded(SPECIFICATION, told["date"]))


def program():
    """The network and its objective as a program of their own, with frames made up."""
    from core.projects.driving.network import RoadNetwork, actions
    from core.projects.driving.train import Imitation
    from core.script import Experiment

    return Experiment((RoadNetwork, Imitation, actions), STEPS_SHOWN, "The driver and how it is taught")


def clone():
    """A network taught by one undisturbed lap of the expert, and that lap's views (frames, 3, 48, 48)."""
    from core.projects.driving.collect import lesson
    from core.projects.driving.network import RoadNetwork
    from core.projects.driving.school import taught

    lap = lesson(SPECIFICATION["lap"])
    network = RoadNetwork(seed=SPECIFICATION["clone_seed"])
    for _ in taught(network, lap.views, lap.answers, SPECIFICATION["clone_seed"]):
        pass
    return network.eval(), lap.views


def features(views: np.ndarray) -> np.ndarray:
    """What the shipped driver makes of views, before it decides: (frames, 64). Alike here is alike for driving."""
    import torch

    from core.projects.driving.drivers import trained_network

    network, found = trained_network(), []
    hook = network.decide[-1].register_forward_pre_hook(lambda module, given: found.append(given[0]))
    try:
        with torch.inference_mode():
            for part in torch.from_numpy(views).split(256):
                network(part)
    finally:
        hook.remove()
    return torch.cat(found).numpy()


def distances(views: np.ndarray, taught: np.ndarray) -> np.ndarray:
    """How far each view is from the nearest training view, in units of their own typical distance (frames,)."""
    here, known = features(views), features(taught)
    other = nearest(known[::2], known[1::2])  # neighbours in time would be all too near: compare halves
    return nearest(here, known) / np.median(other)


def nearest(these: np.ndarray, those: np.ndarray) -> np.ndarray:
    """Distance (frames,) of each row of ``these`` to the nearest row of ``those``."""
    square = (these**2).sum(1)[:, None] + (those**2).sum(1) - 2 * these @ those.T
    return np.sqrt(square.clip(0).min(1))


def followed(network, who, seed: int, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Views, the clone's errors of steering and whether the car was off the track, along a drive by ``who``."""
    from core.projects.driving import Pixels, Teacher, drive, seen

    pupil, views, errors, off = Pixels(network), [], [], []
    for moment in drive(who, seed, teacher=Teacher(), steps=steps, fast=True):
        views.append(seen(moment.frame))
        errors.append(abs(float(pupil(moment.frame)[0] - moment.advice[0])))
        off.append(moment.wheels_off >= 2)
    return np.array(views), np.array(errors), np.array(off)


def by_second(values: np.ndarray, steps: int) -> np.ndarray:
    """Means (seconds,) of values (steps,); nan for whole seconds after the end of a drive that left the field."""
    padded = np.full(steps, np.nan)
    padded[: len(values)] = values
    rows = padded.reshape(-1, RATE)
    return np.array([np.nanmean(row) if np.isfinite(row).any() else np.nan for row in rows])


def filled(rows: np.ndarray) -> np.ndarray:
    """Rows (tracks, seconds); where a drive has ended, the mean of those that still drive stands in."""
    return np.where(np.isnan(rows), np.nanmean(rows, axis=0), rows)


def measured() -> dict:
    """The whole measurement, as numbers for the file."""
    from core.projects.driving import Pixels, Teacher

    network, lap = clone()
    steps, drives = SPECIFICATION["steps"], {"beside": [], "alone": []}
    views, errors, off = [], [], []
    for seed in SPECIFICATION["tracks"]:
        for name, who in (("beside", Teacher()), ("alone", Pixels(network))):
            seen, wrong, left = followed(network, who, seed, steps)
            drives[name].append(by_second(wrong, steps))
            views, errors = [*views, seen], [*errors, wrong]
            if name == "alone":
                off.append(by_second(left, steps))
    drives = {name: filled(np.array(rows)) for name, rows in {**drives, "off": off}.items()}
    far, wrong = distances(np.concatenate(views), lap), np.concatenate(errors)
    parts = np.array_split(far.argsort(), SPECIFICATION["bins"])
    told = {
        **drives, "distance": [np.median(far[part]) for part in parts],
        "error": [wrong[part].mean() for part in parts],
    }  # fmt: skip
    return {name: np.round(values, 5).tolist() for name, values in told.items()}


def main() -> None:
    """Measure and write the file."""
    import torch

    torch.set_num_threads(1)
    told = {"specification": fingerprint(SPECIFICATION), "date": time.strftime("%Y-%m-%d"), **measured()}
    PATH.write_text(json.dumps(told) + "\n")
    print(f"{PATH.name}: the error is {recorded().growth:.1f} times larger when the clone drives.")


if __name__ == "__main__":
    main()
