"""The programs of the page on gradient descent: a descent down a surface, and power iteration on a network."""

from dataclasses import replace

from core.probes.landscapes import CEILING, FLOOR, height_lines
from core.programs import Program, Step, program_of
from core.topics.gradient_descent.curvature import ITERATIONS
from core.topics.gradient_descent.numbers import STEPS, Descent, Search

EVERY = 20  # how many steps lie between the heights that are compared


def program_of_descent(found: Descent) -> Program:
    """Plain gradient descent down the chosen surface, and the largest step that it bears."""
    function, surface = height_lines(found.surface)
    descent = [
        f"point = torch.tensor({found.start!r}, dtype=torch.float64, requires_grad=True)",
        f"optimizer = torch.optim.SGD([point], lr={found.rate!r})",
        "heights = [height(point).item()]",
        f"for _ in range({STEPS}):",
        "    optimizer.zero_grad()",
        "    height(point).backward()",
        "    optimizer.step()",
        "    heights.append(height(point).item())",
    ]
    curvature = [
        f"minimum = torch.tensor({found.surface.minimum!r}, dtype=torch.float64)",
        "hessian = torch.autograd.functional.hessian(height, minimum)",
        "largest_curvature = torch.linalg.eigvalsh(hessian)[-1].item()",
        "",
        "gaps = torch.tensor(heights) - height(minimum)",
        "# Limits of what a picture can show; a descent that is lost counts as far up.",
        f"gaps = gaps.nan_to_num({CEILING!r}, {CEILING!r}, {CEILING!r}).clamp({FLOOR!r}, {CEILING!r})",
        f'result = {{"height above the minimum": gaps[::{EVERY}].tolist(), "2/λmax": 2 / largest_curvature}}',
    ]
    steps = (
        Step("Surface", surface),
        Step("Descent", "\n".join(descent)),
        Step("The largest step that it bears", "\n".join(curvature)),
    )
    shown = {"height above the minimum": found.gaps[::EVERY].tolist(), "2/λmax": found.bound}
    return Program("Gradient descent", steps, (function,), shown)


POWER = """parameters = list(model.parameters())
gradients = torch.autograd.grad({loss}, parameters, create_graph=True)
gradient = torch.cat([part.flatten() for part in gradients])


def product(vector: Tensor) -> Tensor:
    \"\"\"The Hessian times a vector, without writing the Hessian down: the gradient, derived once more.\"\"\"
    parts = torch.autograd.grad(gradient, parameters, vector, retain_graph=True)
    return torch.cat([part.flatten() for part in parts])


vector = torch.randn(len(gradient), generator=torch.Generator().manual_seed({seed!r}))
vector, estimates = vector / vector.norm(), []
for _ in range({iterations!r}):
    image = product(vector)
    estimates.append((vector @ image).item())
    vector = image / image.norm()"""
EXACT = """hessian = torch.stack([product(direction) for direction in torch.eye(len(gradient))])
eigenvalues = torch.linalg.eigvalsh(hessian.double())
exact = eigenvalues[eigenvalues.abs().argmax()].item()
result = {"estimates": estimates, "exact": exact}"""


def program_of_search(search: Search) -> Program:
    """The training up to the chosen epoch, then power iteration on the Hessian of its loss."""
    until = [epoch for epoch in search.run.history if epoch.number <= search.epoch]
    training = program_of(replace(search.run, history=until))
    power = POWER.format(loss="criterion(model(x), y)", seed=search.run.recipe.seed, iterations=ITERATIONS)
    steps = (*training.steps, Step("Power iteration", power), Step("All eigenvalues, to compare", EXACT))
    exact = max(search.exact.tolist(), key=abs)
    shown = {"estimates": search.estimates.tolist(), "exact": exact}
    return Program("Power iteration on a network's Hessian", steps, training.functions, shown, tolerance=1e-2)
