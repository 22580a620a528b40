"""The programs behind the views: noise in one formula, and a walk with diffusers' own schedulers."""

from safetensors.torch import save

from core.probes.coverage import likeness, mmd
from core.programs import Program, Step
from core.topics.diffusion.exact import exact_noise, score, ways
from core.topics.diffusion.noising import centres, drawn, kept, told
from core.topics.diffusion.numbers import HELD_OUT, POINTS, REAL, Forward, Races
from core.topics.diffusion.samplers import APART

NOISE = """points, _ = drawn({target!r}, {cells!r}, {real}, seed={held_out})
noise = torch.randn({real}, 2, generator=torch.Generator().manual_seed({seed}))
share = kept()[{times}][:, None, None]
clouds = share.sqrt() * points + (1 - share).sqrt() * noise
result = {{"variance": clouds.var(dim=1).mean(dim=1).tolist()}}"""
NETWORK = """model = nn.Sequential(
    nn.Linear(7, {units}), nn.GELU(), nn.Linear({units}, {units}), nn.GELU(), nn.Linear({units}, {units}), nn.GELU(),
    nn.Linear({units}, 2),
)
model.load_state_dict(load_file("network.safetensors"))


@torch.no_grad()
def noise(x, time):
    return model(told(x, torch.full((len(x),), time), torch.full((len(x),), 2)))
"""
FORMULA = """def noise(x, time):
    return exact_noise(x, time, {target!r}, {cells!r})
"""
WALK = """from diffusers import {scheduler}

scheduler = {scheduler}({settings}timestep_spacing="trailing")  # its betas go from 0.0001 to 0.02
scheduler.set_timesteps({steps})
source = torch.Generator().manual_seed({on_the_way})
x = torch.randn({points}, 2, generator=torch.Generator().manual_seed({seed})){start}
for time in scheduler.timesteps:
    seen = noise(scheduler.scale_model_input(x, time), int(time))
    x = scheduler.step(seen, time, x{source}).prev_sample
real, _ = drawn({target!r}, {cells!r}, {real}, seed={held_out})
result = {{"distance": mmd(x, real).item()}}"""
SCHEDULERS = {
    "DDPM": ("DDPMScheduler", "clip_sample=False, ", "", ", generator=source"),
    "DDIM": ("DDIMScheduler", "clip_sample=False, ", "", ""),
    "Heun": (
        "HeunDiscreteScheduler", "beta_start=0.0001, beta_end=0.02, ",
        " * (scheduler.init_noise_sigma**2 + 1) ** 0.5", "",
    ),
}  # fmt: skip


def program_of_noise(found: Forward) -> Program:
    """Mixing samples with noise."""
    setting, seed = found.setting, found.seed
    text = NOISE.format(
        target=setting.target,
        cells=setting.cells,
        real=REAL,
        seed=seed,
        held_out=seed + HELD_OUT,
        times=list(found.times),
    )
    step = Step("Samples, noise, and the variance of the mixture", text)
    return Program("Forward diffusion", (step,), (centres, drawn, kept), {"variance": found.variance.tolist()})


def program_of_walk(found: Races, sampler: str, steps: int) -> Program:
    """The same walk by the scheduler of diffusers that bears its name."""
    setting, seed = found.setting, found.seed
    scheduler, settings, start, source = SCHEDULERS[sampler]
    walk = WALK.format(
        scheduler=scheduler, settings=settings, steps=steps, seed=seed, points=POINTS, start=start, source=source,
        target=setting.target, cells=setting.cells, real=REAL, held_out=seed + HELD_OUT, on_the_way=seed + APART,
    )  # fmt: skip
    shown = {"distance": mmd(found.walk(sampler, steps)[-1], setting.real(seed)[0]).item()}
    common = (centres, drawn, kept)
    if found.exact:
        first = Step("The exact noise", FORMULA.format(target=setting.target, cells=setting.cells))
        return Program(
            "Sampling", (first, Step("The walk", walk)), (*common, ways, score, exact_noise, likeness, mmd), shown
        )
    first = Step("The trained network", NETWORK.format(units=setting.units))
    weights = {"network.safetensors": save(found.weights)}
    return Program("Sampling", (first, Step("The walk", walk)), (*common, told, likeness, mmd), shown, files=weights)
