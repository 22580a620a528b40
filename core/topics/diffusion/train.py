"""Train and ship the two networks of the pictures: ``python -m core.topics.diffusion.train``, ten minutes of one core.

Fashion-MNIST is taken from the folder that the environment variable ROADMAP_LAB_DATA names. A training that was
stopped goes on where it was. The official test pictures are looked at once, at the end.
"""

import argparse
import datetime
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.data import FASHION_MNIST, fashion_mnist
from core.data.data import Data
from core.models.judge import judge
from core.models.shipped import halved
from core.topics.diffusion.fitting import BATCH, WEIGHT, WITHHELD, Fit, compressing, fitted, naming
from core.topics.diffusion.latent import (
    ANY_CLASS,
    AUTOENCODER,
    DENOISER,
    FOLDER,
    autoencoder,
    decoded,
    denoiser,
    encoded,
    framed,
    fresh,
    networks,
)
from core.topics.diffusion.noising import TIMES, kept
from core.topics.diffusion.painting import Walk
from core.topics.diffusion.quality import Quality, quality, sampled
from core.topics.diffusion.records import (
    GUIDANCES,
    GUIDED,
    JUDGED,
    RECORD,
    STEPS,
    error_on_the_sheet,
)
from core.topics.diffusion.samplers import SAMPLERS

STEPS_OF = (1_600, 3_000)  # of the autoencoder, of the U-Net
CODED = 20_000  # pictures whose codes the U-Net learns from
COLUMNS = ("right", "variety", "distance")


@torch.no_grad()
def codes_of(model: nn.Module, pictures: Tensor, path: Path) -> tuple[Tensor, Tensor]:
    """Means and spreads of the codes of framed pictures, each (samples, 4, 8, 8), in half precision; kept at a path."""
    if not path.exists():
        codes = [model.encode(part).latent_dist for part in pictures.split(500)]
        parts = {name: torch.cat([getattr(each, name).half() for each in codes]) for name in ("mean", "std")}
        save_file(parts, path)
    kept_codes = load_file(path)
    return kept_codes["mean"], kept_codes["std"]


@torch.no_grad()
def standardised(model: nn.Module, means: Tensor, spreads: Tensor) -> tuple[Tensor, Tensor]:
    """Give the codes' channels mean 0 and spread 1: written into the autoencoder's two 1 × 1 convolutions at the code,
    where Stable Diffusion multiplies by a factor of its own. The codes' means and spreads as they are afterwards."""
    flat = means.float().transpose(0, 1).flatten(1)
    centre, width = flat.mean(dim=1), flat.std(dim=1)
    into, out = model.quant_conv, model.post_quant_conv
    channels, wide = len(centre), width.view(-1, 1, 1, 1)
    into.bias[:channels] -= centre
    into.weight[:channels] /= wide
    into.bias[:channels] /= width
    into.bias[channels:] -= 2 * width.log()
    out.bias += (out.weight[:, :, 0, 0] * centre).sum(dim=1)
    out.weight *= wide.transpose(0, 1)
    across = width.view(1, -1, 1, 1)
    return ((means.float() - centre.view(1, -1, 1, 1)) / across).half(), (spreads.float() / across).half()


def ship(model: nn.Module, path: Path) -> None:
    """Write a network's weights in half precision."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(halved(model.state_dict()), path)
    path.chmod(0o644)


def measured(data: Data) -> dict[str, dict]:
    """Everything that the record holds; the networks are those that were shipped."""
    real, labels, training = data.x_test[:JUDGED], data.y_test[:JUDGED], data.x[:JUDGED]
    each = [(decoded(encoded(part)) - part).square().mean() for part in data.x_test.split(500)]
    by_guidance = []
    for guidance in GUIDANCES:
        by_guidance.append(quality(*sampled(JUDGED, guidance, Walk()), real, labels, training))
        print(guidance, by_guidance[-1], flush=True)
    raced: dict[str, list[Quality]] = {name: [] for name in SAMPLERS}
    for name in SAMPLERS:
        for steps in STEPS:
            raced[name].append(quality(*sampled(JUDGED, GUIDED, Walk(name, steps)), real, labels, training))
            print(name, steps, raced[name][-1], flush=True)
    return {
        "autoencoder": {"error": torch.stack(each).mean().item(), "sheet": error_on_the_sheet()},
        "reference": reference(data),
        "noise": {name: error_of_noise(part) for name, part in (("training", data.x), ("held out", data.x_test))},
        "guidance": {"values": GUIDANCES} | columns(by_guidance),
        "steps": {"values": STEPS} | {name: [row.distance for row in rows] for name, rows in raced.items()},
    }


@torch.no_grad()
def reference(data: Data) -> dict[str, float]:
    """What the classifier says of held-out pictures."""
    answers = judge("fashion")(data.x_test.flatten(1)).argmax(dim=1)
    return {"right": (answers == data.y_test).float().mean().item()}


@torch.no_grad()
def error_of_noise(pictures: Tensor) -> float:
    """The U-Net's squared error on the codes of some pictures, without labels, at times and under noise of one seed."""
    codes, source = encoded(pictures[:JUDGED]), torch.Generator().manual_seed(0)
    times, noise = torch.randint(TIMES, (JUDGED,), generator=source), torch.randn(codes.shape, generator=source)
    share = kept()[times].view(-1, 1, 1, 1)
    withheld = torch.full((JUDGED,), ANY_CLASS)
    seen = networks()[1](share.sqrt() * codes + (1 - share).sqrt() * noise, times, class_labels=withheld).sample
    return (seen - noise).square().mean().item()


def columns(rows: list[Quality]) -> dict[str, list[float]]:
    """Measurements by name."""
    return {name: [getattr(row, name) for row in rows] for name in COLUMNS}


def card(steps: tuple[int, int], seconds: tuple[float, float], seed: int, remark: str) -> str:
    """The card of both networks, in Markdown."""
    found = RECORD.contents
    guided, reference = found["guidance"], found["reference"]
    rows = [
        f"| {value:g} | {right:.1%} | {varied:.2f} | {far:.1f} |"
        for value, right, varied, far in zip(*(guided[name] for name in ("values", *COLUMNS)), strict=True)
    ]
    weights = [sum(part.numel() for part in model.parameters()) for model in networks()]
    return "\n".join(
        [
            "# A small latent diffusion of clothes",
            "",
            f"- `{AUTOENCODER.name}`: diffusers' `AutoencoderKL`, {weights[0]:,} weights, 28 × 28 grey pixels (in a",
            f"  margin of 2) ↔ 4 × 8 × 8 numbers. Weight {WEIGHT:g} of the divergence; codes of mean 0 and spread 1.",
            f"- `{DENOISER.name}`: diffusers' `UNet2DModel`, {weights[1]:,} weights, names the noise in such codes,",
            f"  given one of ten classes; one label in ten was withheld ({WITHHELD:.0%}). Times 0 to 999, betas along",
            "  a line from 0.0001 to 0.02.",
            "- Both float16, safetensors.",
            f"- Data: the 60,000 training pictures of {FASHION_MNIST.title} ({FASHION_MNIST.credit};",
            f"  {FASHION_MNIST.licence}), for the U-Net {CODED:,} of them; everything below is measured on official",
            "  test pictures, unless it says otherwise.",
            f"- Recipe: AdamW, batches of {BATCH}, seed {seed}: {steps[0]:,} steps at 0.002 along a cosine, then",
            f"  {steps[1]:,} steps at 0.001, the last quarter along a cosine; averaged weights.",
            f"  {seconds[0] / 60:.0f} and {seconds[1] / 60:.0f} minutes of one processor core. {remark}",
            "- Code `core/topics/diffusion/`, made anew by `python -m core.topics.diffusion.train`;",
            f"  PyTorch {torch.__version__}, {datetime.date.today().isoformat()}.",
            "- Licence of code and weights: AGPL-3.0-or-later.",
            "",
            f"Autoencoder: mean squared error of a pixel {found['autoencoder']['error']:.4f} on all 10,000 test",
            "pictures. U-Net: squared error of the noise "
            f"{found['noise']['training']:.4f} on {JUDGED} training pictures,",
            f"{found['noise']['held out']:.4f} on {JUDGED} test pictures.",
            "",
            f"Painted pictures, {JUDGED} of all classes in turn for each row, 20 steps of DDIM, against {JUDGED} test",
            "pictures. Taken for what was asked: by the classifier of `assets/autoencoders`, which is right on",
            f"{reference['right']:.1%} of the test pictures. Variety: mean squared distance of two pictures of one",
            "class, as a share of that of test pictures. Distance: Fréchet, of that classifier's 64 hidden features,",
            f"as a multiple of that of {JUDGED} training pictures.",
            "",
            "| guidance | taken for what was asked | variety | distance |",
            "|---|---|---|---|",
            *rows,
            "",
            "Limits: blurred small pictures of ten kinds of clothes; the judge is a small network itself, and what it",
            "takes for typical is not what a person calls good. The distances are not those of papers (Inception).",
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the autoencoder and the U-Net of the pictures.")
    parser.add_argument("--kept", type=Path, default=Path("runs/diffusion"), help="where checkpoints are kept")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, nargs=2, default=STEPS_OF, help="of the autoencoder, of the U-Net")
    parser.add_argument("--remark", default="", help="a sentence for the card, on what this run did differently")
    wanted = parser.parse_args()
    wanted.kept.mkdir(parents=True, exist_ok=True)
    data, seed = fashion_mnist(60_000, wanted.seed, 10_000), wanted.seed
    pictures = framed(data.x)
    coder = Fit(fresh(autoencoder, seed), decay=0.99)
    path = wanted.kept / "autoencoder.checkpoint"
    fitted(coder, compressing(pictures), wanted.steps[0], 0.002, 1.0, seed, path)
    means, spreads = codes_of(coder.model, pictures[:CODED], wanted.kept / "codes.safetensors")
    means, spreads = standardised(coder.model, means, spreads)
    ship(coder.model, AUTOENCODER)
    print(f"codes: spread {means.float().std():.3f}, of each {spreads.float().mean():.3f}", flush=True)
    namer = Fit(fresh(denoiser, seed), decay=0.999)
    path = wanted.kept / "denoiser.checkpoint"
    fitted(namer, naming(means, spreads, data.y[:CODED]), wanted.steps[1], 0.001, 0.25, seed, path)
    ship(namer.model, DENOISER)
    RECORD.write(measured(data))
    text = card(tuple(wanted.steps), (coder.seconds, namer.seconds), seed, wanted.remark)
    (FOLDER / "card.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
