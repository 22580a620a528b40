"""Pictures of what networks of 8 × 8 pixels do: with noise, with codes of every size, with a prior."""

import numpy as np
import torch
from torch import Tensor

from core.figures.curves import bands, bars, line, number
from core.figures.galleries import strip
from core.figures.picture import COLORS, GREY, Picture, layout, square
from core.topics.autoencoders.denoising import WAYS, Denoised
from core.topics.autoencoders.figures import HEIGHT, scattered, titled
from core.topics.autoencoders.sizes import LATENTS, Sizes
from core.topics.autoencoders.variational import COLLAPSED, Variational
from core.wording import counted


def repaired(result: Denoised, count: int = 10) -> Picture:
    """Some held-out pictures: clean, noisy, and what both networks make of them."""
    rows = {"clean": result.clean[:count], **{way: result.answers[way][:count] for way in WAYS}}
    said = ", ".join(f"{way} {number(float(values.mean()))}" for way, values in result.errors.items())
    alt = (
        f"{count} held-out digits in four rows: clean, noisy, through a plain and through a denoising autoencoder. "
        f"Mean squared errors: {said}."
    )
    return strip(rows, 8, alt, 380)


def errors(result: Denoised) -> Picture:
    """The errors of all ways, means over seeds."""
    return bars(result.errors, ("", "mean squared error"), 300)


def by_size(result: Sizes, latent: int) -> Picture:
    """Error over the size of the code, against principal components."""
    curves = {"autoencoder": result.errors, "PCA": result.linear}
    picture = bands(LATENTS, curves, ("numbers in the code", "error on held-out pictures"), 320, log="x")
    picture.layout["xaxis"] |= {"tickvals": list(LATENTS), "ticktext": [str(size) for size in LATENTS]}
    picture.layout["yaxis"] |= {"rangemode": "tozero"}
    picture.layout["shapes"] = [
        {
            "type": "line",
            "x0": latent,
            "x1": latent,
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "line": {"color": GREY, "width": 1.5, "dash": "dot"},
        }
    ]
    return picture


def rebuilt(pictures: Tensor, answers: dict[str, Tensor], latent: int) -> Picture:
    """Held-out pictures and what codes of one size keep of them."""
    alt = (
        f"Held-out digits, and what is left of them after a code of {counted(latent, 'number')}: {', '.join(answers)}."
    )
    return strip({"held-out picture": pictures, **answers}, 8, alt, 360)


def two_terms(result: Variational) -> Picture:
    """Reconstruction and divergence over the epochs, each on its own axis."""
    numbers = np.arange(len(result.history))
    lost, divergence = result.history[:, 0], result.history[:, 1:].sum(axis=1)
    traces = [
        line(numbers, lost, "reconstruction", COLORS[0]),
        line(numbers, divergence, "KL (right axis)", COLORS[1], "dash", yaxis="y2"),
    ]
    top = max(float(divergence.max()), 0.5)
    step = 10.0 ** np.floor(np.log10(top))
    second = {
        "overlaying": "y",
        "side": "right",
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "range": [0, 1.05 * top],
        "dtick": step if top < 5 * step else 2 * step,
        "tick0": 0,
    }
    plan = layout("epoch", "nats per picture", HEIGHT, yaxis2=second)
    plan["margin"] |= {"r": 40}
    alt = (
        f"Reconstruction from {number(lost[0])} to {number(lost[-1])} nats, KL divergence from "
        f"{number(divergence[0])} to {number(divergence[-1])} nats over {numbers[-1]} epochs, on held-out pictures."
    )
    return Picture(traces, plan, alt)


def against_prior(result: Variational) -> Picture:
    """The means of the codes against circles of the prior that hold 39 and 86 percent of it."""
    angle = np.linspace(0, 2 * np.pi, 73)
    rings = [
        line(radius * np.cos(angle), radius * np.sin(angle), "", GREY, dash, showlegend=False, hoverinfo="skip")
        for radius, dash in ((1, "solid"), (2, "dash"))
    ]
    means = result.means.numpy()
    reach = float(np.clip(np.quantile(np.abs(means), 0.98) * 1.15, 2.6, 12))
    spread = means.std(axis=0)
    alt = (
        f"Means of {len(means)} held-out codes against the prior's circles of radius 1 and 2; their deviations are "
        f"{spread[0]:.2f} and {spread[1]:.2f}, the posteriors' own {float(result.deviations.mean()):.2f} on average."
    )
    traces = [*rings, *scattered(means, result.labels.numpy(), tuple("0123456789"))]
    return Picture(traces, square(reach, HEIGHT, title=titled("codes, and the prior's circles")), alt)


@torch.no_grad()
def generated(result: Variational, count: int = 30) -> Picture:
    """Pictures decoded from codes drawn from the prior."""
    draws = torch.randn(count, result.means.shape[1], generator=torch.Generator().manual_seed(result.seed + 1))
    pictures = result.model.decode(draws).sigmoid().split(6)
    names = ["drawn from the prior", *(" " * place for place in range(1, len(pictures)))]
    rows: dict[str, Tensor] = dict(zip(names, pictures, strict=True))
    dead = len(result.collapsed)
    alt = (
        f"{count} pictures decoded from codes drawn from the prior; {dead} of the code's numbers carry less than "
        f"{COLLAPSED:g} nats."
    )
    return strip(rows, 8, alt, HEIGHT)
