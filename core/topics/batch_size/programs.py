"""The programs of the page on batch size that are no training's own."""

from core.programs import Program, Step, program_of
from core.programs.data import data_lines
from core.topics.batch_size.accumulation import (
    BATCH,
    MEANS,
    NORMED,
    SUMMED,
    WEIGHTED,
    Parts,
    accumulated,
    at_once,
    gradient_of,
)
from core.topics.batch_size.noise import DRAWS, Noise, shares, variance_factor
from core.topics.batch_size.problems import UNITS, problem

MEASURED = """weights = dict(model.named_parameters())


def loss_of(weights: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
    \"\"\"The loss of one sample.\"\"\"
    return criterion(torch.func.functional_call(model, weights, (x[None],)), y[None])


rows = torch.func.vmap(torch.func.grad(loss_of), in_dims=(None, 0, 0))(weights, x, y)
gradients = torch.cat([row.detach().flatten(1) for row in rows.values()], dim=1).double().numpy()
full = gradients.mean(axis=0)
trace = ((gradients - full) ** 2).sum(axis=1).mean()
batches = shares(len(x), {size!r}, {draws!r}, {again!r}, {seed!r}) @ gradients
cosines = batches @ full / np.linalg.norm(batches, axis=1) / np.linalg.norm(full)
found = {{
    "noise scale": trace / (full @ full),
    "distance": ((batches - full) ** 2).sum(axis=1).mean() ** 0.5,
    "by the formula": (trace * variance_factor(len(x), {size!r}, {again!r})) ** 0.5,
    "cosine": cosines.mean(),
}}
result = {{name: float(value) for name, value in found.items()}}"""


def program_of_noise(measured: Noise, size: int) -> Program:
    """The training, the gradient of every sample, and batches of one size."""
    training = program_of(measured.run)
    given = {"size": size, "draws": DRAWS, "again": measured.again, "seed": measured.run.recipe.seed}
    shown = {
        "noise scale": measured.scale, "distance": measured.measured(size), "by the formula": measured.expected(size),
        "cosine": float(measured.cosines(size).mean()),
    }  # fmt: skip
    steps = (*training.steps, Step("Gradients of samples and of batches", MEASURED.format(**given)))
    functions = (*training.functions, shares, variance_factor)
    return Program("The noise of a batch's gradient", steps, functions, shown, tolerance=1e-2)


IN_PARTS = """x, y = x[:{batch}], y[:{batch}]
plain = nn.Sequential(nn.Linear(2, {units}), nn.Tanh(), nn.Linear({units}, 2))
normed = nn.Sequential(nn.Linear(2, {units}), nn.BatchNorm1d({units}), nn.Tanh(), nn.Linear({units}, 2))
result = {{}}
for name, model, weights in (
    ({weighted!r}, plain, "samples"), ({means!r}, plain, "part"), ({summed!r}, plain, "fully"),
    ({normed!r}, normed, "samples"),
):
    torch.manual_seed({seed!r})
    for layer in (model[0], model[-1]):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.uniform_(layer.bias, -layer.in_features**-0.5, layer.in_features**-0.5)
    whole = at_once(model, x, y)
    apart = accumulated(model, x, y, {size!r}, weights) - whole
    result[name] = (apart.norm() / whole.norm()).item()"""


def program_of_parts(accumulated_in: Parts) -> Program:
    """One batch's gradient at once and in parts."""
    data = data_lines(problem(accumulated_in.data, accumulated_in.source.seeds[0]))
    text = IN_PARTS.format(
        batch=BATCH, units=UNITS, weighted=WEIGHTED, means=MEANS, summed=SUMMED, normed=NORMED,
        seed=accumulated_in.source.seeds[0], size=accumulated_in.size,
    )  # fmt: skip
    steps = (Step("Data", "\n".join(data.lines)), Step("In parts", text))
    functions = (*data.functions, gradient_of, at_once, accumulated)
    return Program("Gradients in parts", steps, functions, accumulated_in.apart)
