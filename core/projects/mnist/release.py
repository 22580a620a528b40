"""After training: choose, calibrate, measure once, and write weights, index and card."""

import json
import platform
import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from core.data.images import mnist
from core.data.sketches import sketches
from core.probes.certainty import calibration_error, interval, temperature
from core.projects.mnist import background
from core.projects.mnist.drawing import Empty, digit, framed
from core.projects.mnist.samples import VALIDATION

LOSS = 0.004  # share of real digits that "none of these" may cost on the validation images
SHEET = 200  # training digits of each class in the index


@torch.no_grad()
def logits(model: nn.Module, images: Tensor) -> Tensor:
    """(samples, 1, 28, 28) → (samples, 11), in parts."""
    return torch.cat([model(part) for part in images.split(1000)])


def shift(outputs: Tensor, loss: float = LOSS) -> float:
    """What to add to the last logit so that it wins over the best digit for a share ``loss`` of these real digits."""
    lead = outputs[:, :10].amax(dim=1) - outputs[:, 10]
    return float(torch.quantile(lead, loss))


def refused(outputs: Tensor, moved: float) -> float:
    """Share of pictures that are answered "none of these"."""
    return (outputs[:, 10] + moved > outputs[:, :10].amax(dim=1)).float().mean().item()


def strange(seed: int, count: int = 1000) -> dict[str, Tensor]:
    """Pictures of what is not a digit and was not learned from, by kind: (samples, 1, 28, 28), framed as drawings."""
    draw = random.Random(seed)
    letters, twins = background.LETTERS, background.TWINS
    kinds: dict[str, Callable[[], np.ndarray]] = {
        "all letters, unseen typefaces": lambda: background.letter(draw, letters, background.UNSEEN_FACES),
        "unseen letters, unseen typefaces": lambda: background.letter(
            draw, "".join(set_of(background.UNSEEN_LETTERS, twins)), background.UNSEEN_FACES),
        "noise": lambda: background.noise(draw),
        "scribbles": lambda: background.scribble(draw),
        "shapes": lambda: background.shape(draw),
    }  # fmt: skip
    pictures = {name: drawn(make, count) for name, make in kinds.items()}
    for name in background.UNSEEN_SKETCHES:
        if (own := sketches((name,))) is not None:
            pictures[f"sketches: {name}"] = torch.from_numpy(np.stack([framed(one) for one in own[:count]]))[:, None]
    return pictures


def set_of(letters: str, without: str) -> list[str]:
    """Letters less some others, in order."""
    return [one for one in letters if one not in without]


def drawn(make: Callable[[], np.ndarray], count: int) -> Tensor:
    """``count`` pictures, framed; those that come out empty are drawn again."""
    made: list[np.ndarray] = []
    while len(made) < count:
        try:
            made.append(framed(make()))
        except Empty:
            continue
    return torch.from_numpy(np.stack(made))[:, None]


def release(model, average, recipes, history: list[dict], out: Path, remark: str = "") -> dict:
    """Keep the better of the last and the averaged weights, write everything to ``out``, return the card's record."""
    known = mnist(60_000, test_samples=10_000)
    model, average = model.cpu().eval(), average.cpu().eval()
    x, y = known.x[-VALIDATION:], known.y[-VALIDATION:]
    losses = [functional.cross_entropy(logits(one, x)[:, :10], y).item() for one in (model, average)]
    kept, name = (average, "running average") if losses[1] <= losses[0] else (model, "last step")
    outputs = logits(kept, x)
    widths = [convolution.out_channels for convolution in kept.convolutions[::2]]
    settings = {"widths": widths, "temperature": temperature(outputs[:, :10], y), "shift": shift(outputs)}
    out.mkdir(parents=True, exist_ok=True)
    tensors = {key: tensor.contiguous() for key, tensor in kept.state_dict().items() if "tracked" not in key}
    save_file(tensors, out / "weights.safetensors", {"settings": json.dumps(settings)})
    (out / "weights.safetensors").chmod(0o644)
    sheet(known.x[:-VALIDATION, 0], known.y[:-VALIDATION]).save(out / "neighbours.png", optimize=True)
    record = measured(kept, known, outputs, y, settings)
    record |= {
        "kept": name, "validation losses": losses, "recipe": ", then ".join(map(str, recipes)),
        "seed": recipes[0].seed, "settings": settings,
        "kilobytes": (out / "weights.safetensors").stat().st_size / 1000, "history": history,
        "sketches learned": background.SKETCHES if sketches(background.SKETCHES) is not None else (),
        "machine": f"Python {platform.python_version()}, PyTorch {torch.__version__}",
        "date": date.today().isoformat(), "remark": remark,
    }  # fmt: skip
    (out / "measures.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    from core.projects.mnist.card import card

    (out / "card.md").write_text(card(record))
    print(f"test accuracy {record['test accuracy']:.4f}; weights, index and card are in {out}", flush=True)
    return record


def sheet(images: Tensor, digits: Tensor) -> Image.Image:
    """The first ``SHEET`` training digits of each class, class by class, forty in a row."""
    chosen = torch.cat([images[digits == one][:SHEET] for one in range(10)])
    tiles = (chosen * 255).round().byte().numpy().reshape(-1, 40, 28, 28).swapaxes(1, 2)
    return Image.fromarray(tiles.reshape(-1, 40 * 28))


def measured(model: nn.Module, known, validation: Tensor, y: Tensor, settings: dict) -> dict:
    """Everything the card reports; the test images are looked at here and nowhere else."""
    test, moved, scale = logits(model, known.x_test), settings["shift"], settings["temperature"]
    answers, right = test[:, :10].argmax(dim=1), known.y_test
    hits = int((answers == right).sum())
    framed_test = torch.stack([digit((one[0] * 255).round().byte().numpy()) for one in known.x_test])
    through = logits(model, framed_test)
    chances = [torch.softmax(test[:, :10] / value, dim=1) for value in (1.0, scale)]
    return {
        "validation accuracy": (validation[:, :10].argmax(dim=1) == y).float().mean().item(),
        "test accuracy": hits / len(right), "test interval": interval(hits, len(right)),
        "test accuracy through the drawing path": (through[:, :10].argmax(dim=1) == right).float().mean().item(),
        "digits lost to none of these": refused(test, moved),
        "digits lost to none of these, drawing path": refused(through, moved),
        "refused": {name: refused(logits(model, pictures), moved) for name, pictures in strange(seed=2026).items()},
        "confusion": [[int(((right == row) & (answers == column)).sum()) for column in range(10)] for row in range(10)],
        "calibration error": [calibration_error(one, right) for one in chances],
        "log loss": [functional.nll_loss(one.clamp_min(1e-12).log(), right).item() for one in chances],
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }  # fmt: skip
