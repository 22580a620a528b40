"""Ship a painter: ``python -m core.projects.art.release --run runs/art/first``.

Chooses among the last moments on training pictures, measures the chosen one once against pictures that were held out,
and writes weights, time-lapse, sheets, measures and card.
"""

import argparse
import json
import platform
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from core.probes.frechet import frechet
from core.projects.art.card import card
from core.projects.art.critic import save_critic
from core.projects.art.measures import Copies, coarse, compared, features, kernel_distance, nearest, variety
from core.projects.art.network import saved
from core.projects.art.painter import FOLDER, Painter, painter_of, sheet_of
from core.projects.art.pictures import SETS, Pictures
from core.projects.art.train import Diary, tiled
from core.projects.art.ways import Way, told, ways

TRUNCATIONS = (0.5, 0.7, 1.0)
LATE = 0.5  # of the steps: moments after that may be chosen
MEASURED = 512  # pictures that the chosen moment is measured by, and held-out ones to compare with
JUDGED = 60  # pictures that a moment is judged by
COLUMNS = 16  # seeds of the time-lapse
REAL = 96  # held-out pictures that are shipped to guess among
KEPT = 64  # numbers of a training picture's features that are shipped
ACROSS = 78  # small training pictures in a row of their sheet
SMALL = 32  # pixels of a training picture that is shown as the nearest one
PAIRS = 24  # pictures shown with their nearest training picture


@dataclass(frozen=True, eq=False)
class Reference:
    """Training and held-out pictures, and features of both."""

    learned: Pictures
    held_out: Pictures
    of_learned: Tensor
    of_held_out: Tensor

    @property
    def fair(self) -> Tensor:
        """As many training pictures as are held out, drawn at random: what a perfect painter's would look like."""
        return self.of_learned[torch.from_numpy(self.drawn)]

    @property
    def fair_pixels(self) -> np.ndarray:
        """Those pictures themselves."""
        return self.learned.pixels[self.drawn]

    @property
    def drawn(self) -> np.ndarray:
        """Which they are."""
        return np.random.default_rng(1).permutation(len(self.learned))[: len(self.held_out)]


def reference(pictures: Pictures) -> Reference:
    """Both parts of a set, seen by the network."""
    learned, held_out = pictures.parted()
    return Reference(learned, held_out, features(learned.pixels), features(held_out.pixels))


def moments_of(run: Path) -> dict[int, Path]:
    """The kept generators of a run by step; a run that went on with another's generator begins with that one's."""
    about = json.loads((run / "settings.json").read_text()) if (run / "settings.json").is_file() else {}
    own = {int(path.stem.split("-")[1]): path for path in sorted(run.glob("moment-*.safetensors"))}
    if not about.get("begun with"):
        return own
    first = Path(about["begun with"])
    before = {
        step: path
        for step, path in moments_of(first.parent).items()
        if path.parent != first.parent or path.name <= first.name
    }
    return before | {max(before) + step: path for step, path in own.items()}


def log_of(run: Path) -> list[dict]:
    """What was logged at those steps, the time of the earlier run added."""
    about, own = json.loads((run / "settings.json").read_text()), Diary(run).lines()
    if not about.get("begun with"):
        return [line | {"projected": bool(about.get("projected"))} for line in own]
    first = Path(about["begun with"])
    start = next(step for step, path in moments_of(first.parent).items() if path == first)
    before = [line for line in log_of(first.parent) if line["step"] <= start]
    past = {name: before[-1][name] for name in ("processor", "clock")} | {"step": start}
    later = [line | {name: line[name] + value for name, value in past.items()} for line in own]
    return before + [line | {"projected": bool(about.get("projected"))} for line in later]


def with_shares(path: Path, learned: Pictures) -> Painter:
    """A moment's painter, who knows how often each class came."""
    found = painter_of(path)
    counts = np.bincount(learned.labels, minlength=found.classes)
    return Painter(found.generator, found.names, tuple((counts / counts.sum()).tolist()))


def course(run: Path, known: Reference) -> dict[int, float]:
    """KID of each moment to training pictures, by step: what is chosen on."""
    found = {}
    for step, path in shown_moments(run).items():
        painted = with_shares(path, known.learned).likely(JUDGED, seed=3)[0]
        found[step] = kernel_distance(features(painted), known.fair)
        print(f"step {step}: KID {found[step]:.4f}", flush=True)
    return found


def measured(painter: Painter, known: Reference) -> dict:
    """Everything that the card says about a painter."""
    places = np.random.default_rng(2).permutation(len(known.held_out))[:MEASURED]
    count, held, plain = len(places), known.of_held_out[places], coarse(known.held_out.pixels[places])
    record: dict = {"pictures": count, "reference": compared(known.fair[:count], held)}
    record["reference"]["variety"] = variety(held, known.held_out.labels[places])
    record["reference"]["coarse"] = frechet(coarse(known.fair_pixels[:count]), plain)
    record["truncation"] = {}
    for truncation in TRUNCATIONS:
        pixels, labels = painter.likely(count, seed=2026, truncation=truncation)
        found = features(pixels)
        others = {"variety": variety(found, labels), "coarse": frechet(coarse(pixels), plain)}
        record["truncation"][str(truncation)] = compared(found, held) | others
        print(f"truncation {truncation}: {record['truncation'][str(truncation)]}", flush=True)
    far, _ = nearest(known.of_held_out, known.of_learned)
    near, _ = nearest(found, known.of_learned)
    copies = Copies(near.numpy(), far.numpy())
    record["copies"] = {"nearer": copies.nearer, "closest": copies.closest, "suspects": copies.suspects,
                        "sentence": copies.sentence}  # fmt: skip
    return record


def pairs(painter: Painter, known: Reference) -> Image.Image:
    """Generated pictures, each above the training picture that is nearest to it."""
    pixels, _ = painter.likely(PAIRS, seed=7)
    _, places = nearest(features(pixels), known.of_learned)
    half, own = PAIRS // 2, known.learned.pixels[places.numpy()]
    return tiled(np.concatenate([pixels[:half], own[:half], pixels[half:], own[half:]]), half)


def lapse(run: Path, names: tuple[str, ...]) -> tuple[Image.Image, list[int]]:
    """The same seeds at every moment, a row each, and the steps of the rows."""
    found, labels = shown_moments(run), [place % len(names) for place in range(COLUMNS)]
    rows = [sheet_of(painter_of(path).generator, range(COLUMNS), labels) for path in found.values()]
    return tiled(np.concatenate(rows), COLUMNS), list(found)


def shown_moments(run: Path, growth: float = 1.3) -> dict[int, Path]:
    """Some of the moments: each so many times as late as the one before; of a run that goes on with another's generator
    all of its own."""
    every, found = moments_of(run), {}
    begun = json.loads((run / "settings.json").read_text()).get("begun with")
    for step, path in every.items():
        late = not found or step >= growth * max(found) or step == max(every)
        if late or (begun and path.parent == run):
            found[step] = path
    return found


def neighbours(known: Reference, found: list[Way], out: Path) -> None:
    """Write what the nearest training picture is found by: ``near.safetensors``, features along their main directions
    as bytes, and ``learned.webp``, the pictures at 32 × 32; beside them the directions of styles."""
    rows = functional.normalize(known.of_learned, dim=1)
    middle = rows.mean(dim=0)
    _, _, directions = torch.pca_lowrank(rows - middle, q=min(KEPT, len(rows)), center=False, niter=4)
    places = (rows - middle) @ directions
    step = places.abs().max() / 127
    tensors = {
        "middle": middle.half(), "directions": directions.half().contiguous(), "step": step[None],
        "rows": (places / step).round().to(torch.int8), "across": torch.tensor([ACROSS]),
        "labels": torch.from_numpy(known.learned.labels).to(torch.uint8),
        "ways": torch.stack([one.step for one in found]).half(),
    }  # fmt: skip
    save_file(tensors, out / "near.safetensors")
    times = max(known.learned.side // SMALL, 1)
    small = known.learned.side // times
    pixels = known.learned.pixels.reshape(-1, small, times, small, times, 3).mean(axis=(2, 4)).round().astype(np.uint8)
    tiled(pixels, ACROSS).save(out / "learned.webp", quality=70, method=6)


def gallery(held_out: Pictures, out: Path) -> None:
    """Write held-out paintings to guess among: ``real.webp``, and their labels in ``real.json``."""
    places = np.random.default_rng(5).permutation(len(held_out))[:REAL]
    chosen = held_out.those(places)
    tiled(chosen.pixels, COLUMNS).save(out / "real.webp", quality=95, method=6)
    (out / "real.json").write_text(json.dumps(chosen.labels.tolist()) + "\n")


def chosen(kids: dict[int, float]) -> int:
    """The step whose KID is smallest among the late ones."""
    last = max(kids)
    return min((step for step in kids if step >= LATE * last), key=lambda step: kids[step])


def release(run: Path, out: Path, remark: str = "") -> dict:
    """Choose, measure, write; returns the record."""
    about = json.loads((run / "settings.json").read_text())
    known = reference(SETS[about["set"]]())
    kids = course(run, known)
    step = chosen(kids)
    painter = with_shares(moments_of(run)[step], known.learned)
    out.mkdir(parents=True, exist_ok=True)
    saved(painter.generator, out / "weights.safetensors",
          {"step": step, "set": about["set"], "names": painter.names, "shares": painter.shares})  # fmt: skip
    film, steps = lapse(run, painter.names)
    film.save(out / "lapse.webp", quality=85, method=6)
    save_critic(run / "checkpoint.safetensors", out / "critic.safetensors")
    gallery(known.held_out, out)
    found = ways(painter)
    neighbours(known, found, out)
    pairs(painter, known).save(out / "pairs.webp", quality=90, method=6)
    log = log_of(run)
    record = measured(painter, known) | {
        "step": step, "settings": about["settings"], "shape": about["shape"], "set": about["set"],
        "credit": known.learned.credit, "learned": len(known.learned), "names": painter.names,
        "course": {str(each): kid for each, kid in kids.items()}, "lapse": steps,
        "projected": bool(about.get("projected")), "earlier": earlier(run),
        "ways": told(found), "log": thinned(log),
        "held out": len(known.held_out),
        "processor hours": log[-1]["processor"] / 3600, "clock hours": log[-1]["clock"] / 3600,
        "parameters": sum(one.numel() for one in painter.generator.parameters()),
        "megabytes": (out / "weights.safetensors").stat().st_size / 1e6, "remark": remark,
        "date": date.today().isoformat(),
        "machine": f"Python {platform.python_version()}, PyTorch {torch.__version__}",
    }  # fmt: skip
    (out / "measures.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    (out / "card.md").write_text(card(record))
    return record


def earlier(run: Path) -> int:
    """How many steps were taken before the discriminator looked through a pretrained network."""
    return max((line["step"] for line in log_of(run) if not line["projected"]), default=0)


def thinned(lines: list[dict], most: int = 200) -> list[dict]:
    """A log with at most so many lines, the last one among them."""
    every = -(-len(lines) // most)
    return [*lines[:-1][::every], lines[-1]] if lines else []


def main() -> None:
    parser = argparse.ArgumentParser(description="Choose, measure and ship a painter.")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--remark", default="", help="a sentence for the card")
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    record = release(wanted.run, wanted.out, wanted.remark)
    print(record["copies"]["sentence"], flush=True)


if __name__ == "__main__":
    main()
