"""A training, written: optimizer, schedule and loop, and what a fork changes."""

import math
from dataclasses import dataclass

from torch import nn

from core import objectives
from core.models import Dropout
from core.training import Recipe, Run
from core.training.loop import batches_per_epoch
from core.training.schedules import LOWEST, Breakpoints, warm_up_steps

CLASSES = {
    "SGD": "SGD", "Momentum": "SGD", "Nesterov": "SGD", "RMSProp": "RMSprop", "Adam": "Adam", "AdamW": "AdamW",
    "Nadam": "NAdam", "Adagrad": "Adagrad",
}  # fmt: skip
CRITERIA: dict[objectives.Objective, str] = {
    objectives.mean_squared_error: "nn.MSELoss()", objectives.mean_absolute_error: "nn.L1Loss()",
    objectives.huber: "nn.HuberLoss()", objectives.cross_entropy: "nn.CrossEntropyLoss()",
    objectives.binary_cross_entropy: "nn.BCEWithLogitsLoss()",
}  # fmt: skip
SCHEDULER = "torch.optim.lr_scheduler"


@dataclass(frozen=True)
class Stage:
    """One run of a chain of forks: it goes from epoch ``first`` to ``last``, both after so many epochs."""

    run: Run
    first: int
    last: int

    @property
    def recipe(self) -> Recipe:
        return self.run.recipe

    @property
    def steps(self) -> int:
        """Updates of the whole training, by which the schedule goes."""
        return self.recipe.epochs * self.per_epoch

    @property
    def per_epoch(self) -> int:
        return batches_per_epoch(self.run.model, len(self.run.data.x), self.recipe)

    @property
    def before(self) -> int:
        """Updates made before this stage."""
        return self.run.history[0].step


def stages_of(run: Run) -> list[Stage]:
    """A run and those it was forked from, the oldest first; one that was forked before it began plays no part."""
    stages, ancestor, last = [], run, run.last.number
    while ancestor is not None:
        parent, first = ancestor.parent or (None, 0)
        if last > first or not stages:
            stages.insert(0, Stage(ancestor, first, last))
        ancestor, last = parent, first
    return stages


def options(recipe: Recipe) -> dict[str, object]:
    """What torch's optimizer is given, beside its defaults."""
    given: dict[str, object] = {"lr": recipe.learning_rate}
    if recipe.optimizer in ("Momentum", "Nesterov"):
        given["momentum"] = recipe.momentum
    if recipe.optimizer == "Nesterov" and recipe.momentum:
        given["nesterov"] = True
    if recipe.optimizer in ("Adam", "AdamW", "Nadam") and (recipe.momentum, recipe.beta2) != (0.9, 0.999):
        given["betas"] = (recipe.momentum, recipe.beta2)
    if recipe.optimizer == "RMSProp" and recipe.smoothing != 0.99:
        given["alpha"] = recipe.smoothing
    if recipe.weight_decay or recipe.optimizer == "AdamW":
        given["weight_decay"] = recipe.weight_decay
    return given


def optimizer_call(recipe: Recipe, parameters: str) -> str:
    """The optimizer as it is made, for ``parameters`` as a program names them."""
    settings = "".join(f", {name}={value!r}" for name, value in options(recipe).items())
    return f"torch.optim.{CLASSES[recipe.optimizer]}({parameters}{settings})"


def optimizer_line(recipe: Recipe) -> str:
    """The statement that makes a network's optimizer."""
    return f"optimizer = {optimizer_call(recipe, 'model.parameters()')}"


def schedule_lines(stage: Stage) -> list[str]:
    """The scheduler of a stage, in torch's own words where it begins with the training."""
    return [] if stage.recipe.schedule == "constant" else scheduler_lines(stage.recipe, stage.steps, stage.before)


def scheduler_lines(recipe: Recipe, steps: int, before: int = 0) -> list[str]:
    """The statement that makes the scheduler of ``optimizer`` for ``steps``, of which ``before`` were made already."""
    kind = recipe.schedule
    own = {
        "constant": ("ConstantLR", "factor=1.0"),
        "step": ("MultiStepLR", f"milestones={[math.ceil(k * steps / 4) for k in (1, 2, 3)]}, gamma=0.5"),
        "exponential": ("ExponentialLR", f"gamma=0.01 ** (1 / {steps})"),
        "cosine": ("CosineAnnealingLR", f"T_max={steps}"),
        "one-cycle": ("OneCycleLR", f"max_lr={recipe.learning_rate!r}, total_steps={steps}, cycle_momentum=False"),
    }
    name, settings = own.get(kind, ("", "")) if isinstance(kind, str) else ("", "")
    if name and not before and (kind != "one-cycle" or steps >= 10):  # torch's has no rise in fewer
        return [f"scheduler = {SCHEDULER}.{name}(optimizer, {settings})"]
    factor = factor_of(kind, steps, before)
    if len(factor) == 1:
        return [f"scheduler = {SCHEDULER}.LambdaLR(optimizer, lambda step: {factor[0]})"]
    return [f"scheduler = {SCHEDULER}.LambdaLR(optimizer, lambda step: (", *(f"    {line}" for line in factor), "))"]


def factor_of(kind: str | Breakpoints, steps: int, before: int) -> list[str]:
    """A schedule as an expression in the step, of which ``before`` were made already."""
    step = f"(step + {before})" if before else "step"
    if not isinstance(kind, str):
        places, heights = (list(each) for each in zip(*kind, strict=True))
        return [f"np.interp({step} / {steps}, {places}, {heights})"]
    top, rise = max(0.3 * steps - 1, 1e-9), warm_up_steps(steps)
    return {
        "step": [f"0.5 ** int(4 * {step} / {steps})"],
        "exponential": [f"0.01 ** ({step} / {steps})"],
        "cosine": [f"(1 + math.cos(math.pi * {step} / {steps})) / 2"],
        "warm-up": [f"min(1, (step + {before + 1}) / {max(0.1 * steps, 1)!r})"],
        "warm-up + linear": [f"min((step + {before + 1}) / {rise}, ({steps} - {step}) / {max(steps - rise, 1)})"],
        "range test": [f"{LOWEST} ** (1 - (step + {before + 1}) / {steps})"],
        "one-cycle": [
            f"1 - 0.48 * (1 + math.cos(math.pi * {step} / {top!r})) if {step} <= {top!r}",
            f"else 4e-6 + 0.999996 * (1 + math.cos(math.pi * ({step} - {top!r}) / {max(steps - 1 - top, 1e-9)!r})) / 2",
        ],
    }[kind]


def loop_lines(stage: Stage, loss: str, restart: int) -> list[str]:
    """The body of the loop over epochs; ``restart`` is where the history of the held-out loss begins to count."""
    recipe, count = stage.recipe, len(stage.run.data.x)
    seed = f"{10_000 * recipe.seed} + epoch" if recipe.seed else "epoch"
    alone = "[:-1]" if stage.per_epoch < math.ceil(count / recipe.batch_size) else ""
    comment = "  # a batch of one has no variance" if alone else ""
    l1 = f"{recipe.l1!r} * sum(weights.abs().sum() for weights in model.parameters())" if recipe.l1 else ""
    lines = [
        *(["model.train()"] if is_different_in_training(stage.run.model) else []),
        f"torch.manual_seed({seed})  # every epoch has an order of its own",
        f"for batch in torch.randperm(len(x)).split({recipe.batch_size}){alone}:{comment}",
        "    optimizer.zero_grad()",
        f"    loss = {loss.format(x='x[batch]', y='y[batch]')}{f' + {l1}' if l1 and not recipe.clip else ''}",
        "    loss.backward()",
        *([f"    nn.utils.clip_grad_norm_(model.parameters(), {recipe.clip!r})"] if recipe.clip else []),
        *([f"    ({l1}).backward()"] if l1 and recipe.clip else []),
        "    optimizer.step()",
        *(["    scheduler.step()"] if recipe.schedule != "constant" else []),
        "history.append(losses())",
        'print(f"epoch {epoch}: {history[-1]}")',
    ]
    if recipe.patience and len(stage.run.data.x_test):
        seen = f"range({restart}, epoch + 1)" if restart else "range(epoch + 1)"
        best = f'min({seen}, key=lambda number: history[number]["test loss"])'
        lines += [f"if epoch - {best} >= {recipe.patience}:", "    break  # early stopping"]
    return lines


TRAINED = '''
def trained(model: nn.Sequential, x: Tensor, y: Tensor) -> nn.Sequential:
    """The network after {epochs} epochs."""
    optimizer = {optimizer}
    steps = {epochs} * math.ceil(len(x) / {batch})
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    for epoch in range({epochs}):
        torch.manual_seed({first} + epoch)  # every epoch has an order of its own
        for batch in torch.randperm(len(x)).split({batch}):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
            scheduler.step()
    return model
'''


def trained_function(recipe: Recipe) -> str:
    """A function that trains one classifier after another, for a program with several; with the schedule "cosine"."""
    optimizer, first = optimizer_call(recipe, "model.parameters()"), 10_000 * recipe.seed + 1
    return TRAINED.format(epochs=recipe.epochs, batch=recipe.batch_size, optimizer=optimizer, first=first)


def is_silenced(model: nn.Module) -> bool:
    """Whether dropout silences units of a network."""
    return any(isinstance(part, Dropout) and part.rate for part in model.modules())


def is_different_in_training(model: nn.Module) -> bool:
    """Whether a network has parts that behave otherwise while it is trained."""
    return is_silenced(model) or any(isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d) for part in model.modules())


def changes(before: Stage, now: Stage) -> list[str]:
    """What a fork changes in the optimizer and its schedule."""
    old, new = before.recipe, now.recipe
    if old.optimizer != new.optimizer:
        return [optimizer_line(new), *schedule_lines(now)]
    if {old.schedule, new.schedule} == {"constant"} and options(old) == options(new):
        return []
    given = options(new) | ({"initial_lr": new.learning_rate} if new.schedule != "constant" else {})
    usual = {"weight_decay": 0.0, "betas": (0.9, 0.999), "alpha": 0.99}
    given |= {name: usual[name] for name in options(old) if name not in given}
    settings = ", ".join(f"{name}={value!r}" for name, value in given.items())
    return [f"optimizer.param_groups[0].update({settings})", *schedule_lines(now)]
