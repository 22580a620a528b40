"""What the page on autoencoders shows: a view for each thing that a code of few numbers is good for."""

import torch

from core.lessons.controls import scale, slider
from core.lessons.view import Shown, View
from core.topics.autoencoders import comparisons, variational
from core.topics.autoencoders.denoising import DENOISING, NOISY, PLAIN, Denoised, denoise
from core.topics.autoencoders.linear import components
from core.topics.autoencoders.plane_views import (
    ACROSS,
    DATA,
    PICTURES,
    UP,
    bare_plane,
    brought_view,
    how_clear,
    measure_brought,
    measure_own,
    own_view,
    path_controls,
    path_view,
    plane_view,
    rarest,
    weights_of,
)
from core.topics.autoencoders.planes import plane
from core.topics.autoencoders.programs import program_of_plane
from core.topics.autoencoders.sizes import LATENTS, Sizes, sizes
from core.topics.autoencoders.variational import BETAS, Variational
from core.wording import counted

# Noise ---------------------------------------------------------------------------------------------------------------


def measure_noise(noise: float, seed: int) -> Denoised:
    """A plain and a denoising autoencoder."""
    return denoise(noise, (seed, seed + 1))


def noise_view(result: Denoised) -> Shown:
    """The pictures, and the errors."""
    mean = {way: float(values.mean()) for way, values in result.errors.items()}
    best = min(mean, key=lambda way: mean[way])
    note = (
        f"One network learned to return what it is given, the other to return the **clean** picture from a noisy one; "
        f"both have the same shape and as many steps. Error: noisy {mean[NOISY]:.4f}, plain {mean[PLAIN]:.4f}, trained "
        f"to denoise {mean[DENOISING]:.4f}. Nearest to the clean pictures: **{best}**."
    )
    if best == NOISY:
        note += " This little noise does less harm than squeezing the picture through a narrow code."
    return Shown(((comparisons.repaired(result),), (comparisons.errors(result),)), note)


# β-VAE ---------------------------------------------------------------------------------------------------------------


def measure_variational(beta: float, seed: int) -> Variational:
    """A training with one β."""
    return variational.variational(beta, seed)


def variational_view(result: Variational) -> Shown:
    """The two terms, the codes against the prior, and what the prior decodes into."""
    lost, *each = result.history[-1]
    pulls = "would pull" if result.beta == 0 else "pulls"
    note = (
        f"Each picture is now a little cloud of codes, and a second term {pulls} all clouds towards the standard "
        f"normal prior. At β = {result.beta:g}: reconstruction **{lost:.1f}** nats, KL divergence **{sum(each):.2f}** "
        f"nats ({', '.join(f'{value:.2f}' for value in each)} by number), so the bound (ELBO) is "
        f"**−{lost + sum(each):.1f}**."
    )
    row = (comparisons.two_terms(result), comparisons.against_prior(result), comparisons.generated(result))
    return Shown((row,), note)


# Size ----------------------------------------------------------------------------------------------------------------


def measure_sizes(seed: int) -> Sizes:
    """All sizes over three seeds."""
    return sizes((seed, seed + 1, seed + 2))


@torch.no_grad()
def size_view(result: Sizes, numbers_in_the_code: int) -> Shown:
    """Error over size, and pictures rebuilt from a code of the chosen one."""
    latent = numbers_in_the_code
    run, place = result.runs[latent], LATENTS.index(latent)
    pictures = run.data.x_test[:8]
    mean, directions = components(run.data.x, latent)
    linear = mean + (pictures - mean) @ directions @ directions.T
    rows = {"autoencoder": run.at()(pictures), "PCA": linear}
    ours, theirs = (float(rows[:, place].mean()) for rows in (result.errors, result.linear))
    spread = float((result.errors - result.linear)[:, place].std())
    winner = "the network" if ours < theirs else "PCA"
    ahead = "neither, beyond seed noise" if abs(ours - theirs) <= spread else winner
    crossing = result.crossing
    note = (
        f"More numbers keep more of the picture. With {latent} the network's error is **{ours:.4f}**, that of as many "
        f"principal components, the best linear code, **{theirs:.4f}**; ahead: **{ahead}**. "
    )
    note += (
        f"From {counted(crossing, 'number')} on PCA is ahead: it has an exact solution, the network a short training."
        if crossing
        else "At the largest size shown the network is still ahead."
    )
    return Shown(((comparisons.by_size(result, latent),), (comparisons.rebuilt(pictures, rows, latent),)), note)


BROUGHT = View(
    (PICTURES,),
    measure_brought,
    brought_view,
    look=(ACROSS, UP),
    program=lambda brought, across, up: program_of_plane(brought.plane),
    files=weights_of,
)
OWN = View((DATA,), measure_own, own_view, program=lambda placed: program_of_plane(placed.plane))
VIEWS = {
    "Plane": View(
        (DATA,),
        plane,
        plane_view,
        look=(ACROSS, UP),
        before=bare_plane,
        question=how_clear,
        goal=rarest,
        program=lambda result, across, up: program_of_plane(result),
    ),
    "Path": View(
        (DATA,), plane, path_view, look=path_controls, program=lambda result, **look: program_of_plane(result)
    ),
    "Noise": View(
        (slider("Noise", 0.05, 1.0, 0.4, 0.05, help="Standard deviation of what is added; ink is 1, paper 0."),),
        measure_noise,
        noise_view,
        program=lambda result: result.run,
    ),
    "β-VAE": View(
        (scale("Beta", BETAS, 1.0, help="Weight of the divergence from the prior; 1 is the VAE itself."),),
        measure_variational,
        variational_view,
        program=variational.program_of,
        findings=variational.findings,
    ),
    "Size": View(
        (),
        measure_sizes,
        size_view,
        look=(scale("Numbers in the code", LATENTS, 2),),
        program=lambda result, numbers_in_the_code: result.runs[numbers_in_the_code],
    ),
}
