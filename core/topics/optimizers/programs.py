"""The programs of the page on optimizers, in the words of torch.optim."""

import math

from core.probes.landscapes import height_lines, ravine_height
from core.programs import Program, Step
from core.programs.training import optimizer_call
from core.provenance import name_of
from core.topics.optimizers import steps
from core.topics.optimizers.counterexample import LARGE, SEEDS, Game
from core.topics.optimizers.races import Race, recipe_of
from core.training import Recipe
from core.training.updates import MOMENTS, RULES, adam, nadam_factors


def racers(recipes: dict[str, Recipe]) -> str:
    """Statements that name a dictionary ``optimizers``: for each name, what makes the optimizer of a point."""
    lines = [f"    {name!r}: lambda point: {optimizer_call(recipe, '[point]')}," for name, recipe in recipes.items()]
    return "\n".join(["optimizers = {", *lines, "}"])


RACE = """noise = {noise!r} * torch.randn({steps}, 2, generator=torch.Generator().manual_seed({seed}))
result = {{}}  # where each ends; roundings differ from the page's, and grow where a way never comes to rest
for name, optimizer_of in optimizers.items():
    point = torch.tensor({start!r}, requires_grad=True)
    optimizer = optimizer_of(point)
    for shaken in noise:
        optimizer.zero_grad()
        height(point).backward()
        point.grad += shaken  # as a mini-batch would
        optimizer.step()
    result[name] = point.tolist()
    print(f"{{name:9s}} ends at height {{height(point).item():.3g}}")"""


def program_of_race(race: Race) -> Program:
    """Every optimizer's way from the chosen start: where it ends."""
    function, surface = height_lines(race.surface)
    recipes = {name: recipe_of(name, race.momentum, learning_rate=rate) for name, rate in race.rates.items()}
    way = RACE.format(noise=race.noise, steps=race.steps, seed=2 * race.source.seeds[0], start=race.start)
    parts = (Step("Surface", surface), Step("Optimizers", racers(recipes)), Step("Race", way))
    shown = {name: ways[0, -1].tolist() for name, ways in race.ways.items()}
    return Program("A race of optimizers", parts, (function,), shown, tolerance=1e-3)


DESCENT = """# So small a start that what grows for {steps} steps is still a number.
point = torch.full((2,), 1e-100, dtype=torch.float64, requires_grad=True)
optimizer = {optimizer}
logarithms = []
for _ in range({steps}):
    optimizer.zero_grad()
    (0.5 * (point[0] ** 2 + {condition!r} * point[1] ** 2)).backward()
    optimizer.step()
    logarithms.append(math.log(math.hypot(*point.tolist())))
early, late = (sum(logarithms[end - {window} : end]) / {window} for end in ({half}, {steps}))"""
RATES = """result = {{
    "the error's factor per step": math.exp((late - early) / {half}),
    "learning rate, momentum and factor at best": best_in_theory({rule!r}, {condition!r}),
}}"""


def program_of_plane(plane: steps.Plane) -> Program:
    """How fast the error shrinks with the learner's step size and momentum, and with the best in theory."""
    rate, momentum, factor = plane.own
    recipe = recipe_of(plane.rule, momentum, learning_rate=rate)
    sizes = {"steps": steps.PLANE_STEPS, "half": steps.PLANE_STEPS // 2, "window": steps.WINDOW}
    descent = DESCENT.format(optimizer=optimizer_call(recipe, "[point]"), condition=plane.condition, **sizes)
    rates = RATES.format(rule=plane.rule, condition=plane.condition, **sizes)
    shown = {
        "the error's factor per step": factor,
        "learning rate, momentum and factor at best": list(plane.theory),
    }
    parts = (Step("Descent", descent), Step("Rates", rates))
    return Program("Step size and momentum", parts, (steps.best_in_theory,), shown)


CORRECTED = """point = torch.tensor({start!r}, requires_grad=True)
optimizer = {optimizer}
corrected = []
for _ in range({steps}):
    before = point.detach().clone()
    optimizer.zero_grad()
    ravine_height(point).backward()
    optimizer.step()
    corrected.append((point.detach() - before).abs().max().item() / {rate!r})"""
NOT_CORRECTED = """point = torch.tensor({start!r}, requires_grad=True)
mean, square, not_corrected = torch.zeros(2), torch.zeros(2), []
for _ in range({steps}):
    (gradient,) = torch.autograd.grad(ravine_height(point), point)
    mean = {beta1!r} * mean + {rest1!r} * gradient
    square = {beta2!r} * square + {rest2!r} * gradient**2
    step = mean / (square.sqrt() + 1e-8)  # both began at 0, and nothing makes up for it
    point = (point.detach() - {rate!r} * step).requires_grad_()
    not_corrected.append(step.abs().max().item())
result = {{"corrected": corrected, "not corrected": not_corrected}}"""


def program_of_correction(correction: steps.Correction) -> Program:
    """Adam's first steps with and without bias correction: how long they are, in learning rates."""
    recipe = correction.recipe
    settings = {
        "start": tuple(correction.ways["corrected"][0].tolist()),
        "steps": len(correction.lengths["corrected"]),
        "rate": recipe.learning_rate,
        "optimizer": optimizer_call(recipe, "[point]"),
        "beta1": recipe.momentum,
        "rest1": 1 - recipe.momentum,
        "beta2": recipe.beta2,
        "rest2": 1 - recipe.beta2,
    }
    parts = (
        Step("Corrected, as torch.optim has it", CORRECTED.format(**settings)),
        Step("Not corrected", NOT_CORRECTED.format(**settings)),
    )
    shown = {name: lengths.tolist() for name, lengths in correction.lengths.items()}
    return Program("Bias correction", parts, (ravine_height,), shown, tolerance=1e-3)


JUDGED = """recipe = SimpleNamespace(momentum={momentum!r}, beta2=0.999, smoothing=0.99, weight_decay=0.01)
generator = torch.Generator().manual_seed({seed!r})
weights = torch.randn(20, generator=generator, dtype=torch.float64)
theirs = weights.clone().requires_grad_()
moments, optimizer = torch.zeros({moments}, 20, dtype=torch.float64), {optimizer}
difference = 0.0
for step in range(1, 51):
    gradient = torch.randn(20, generator=generator, dtype=torch.float64)
    {rule}(weights, gradient, moments, step, {rate!r}, recipe)
    theirs.grad = gradient.clone()
    optimizer.step()
    gap = (weights - theirs.detach()).abs().max() / theirs.detach().abs().max()
    difference = max(difference, gap.item())
result = {{"largest difference": difference}}"""


def program_of_rule(name: str, rate: float, momentum: float, seed: int, difference: float) -> Program:
    """One update rule by hand beside torch.optim, with random gradients."""
    rule = RULES[name]
    helpers = {"AdamW": (adam,), "Nadam": (nadam_factors,)}.get(name, ())
    text = JUDGED.format(
        momentum=momentum,
        seed=seed,
        moments=MOMENTS[name],
        optimizer=optimizer_call(recipe_of(name, momentum, learning_rate=rate), "[theirs]"),
        rule=name_of(rule),
        rate=rate,
    )
    shown = {"largest difference": difference}
    return Program(f"{name} by hand", (Step("Both rules", text),), (*helpers, rule), shown, tolerance=1e-10)


GAME = """draws = torch.stack([torch.rand({steps}, generator=torch.Generator().manual_seed(seed)) for seed in {seeds}])
gradients = torch.where(draws < 1 / {every!r}, {large!r}, -1.0).T
result = {{}}
for name, optimizer_of in optimizers.items():
    point, way = torch.zeros({count}, requires_grad=True), []
    optimizer = optimizer_of(point)
    for gradient in gradients:
        point.grad = gradient.clone()
        optimizer.step()
        way.append(point.data.clamp_(-1, 1).clone())  # nobody may leave [−1, 1]
    result[name] = torch.stack(way)[-{last}:].mean(dim=0).tolist()  # over the last third, seed by seed"""


def program_of_game(game: Game) -> Program:
    """Everybody's walk over twenty seeds, and where each ends."""
    first, steps_made = game.source.seeds[0], next(iter(game.ways.values())).shape[1] - 1
    settings = f"[point], lr={game.rate!r}, betas=(0.9, {game.beta2!r})"
    optimizers = [
        "optimizers = {",
        f'    "SGD": lambda point: torch.optim.SGD([point], lr={game.rate / 10!r}),',
        f'    "Adam": lambda point: torch.optim.Adam({settings}),',
        f'    "AMSGrad": lambda point: torch.optim.Adam({settings}, amsgrad=True),',
        "}",
    ]
    walk = GAME.format(
        steps=steps_made, seeds=f"range({first}, {first + SEEDS})", every=game.every, large=LARGE, count=SEEDS,
        last=math.ceil((steps_made + 1) / 3),
    )  # fmt: skip
    shown = {name: ends.tolist() for name, ends in game.ends.items()}
    return Program("When Adam loses", (Step("Optimizers", "\n".join(optimizers)), Step("Walk", walk)), (), shown)
