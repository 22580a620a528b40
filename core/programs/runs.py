"""The program of a run: its data, its network, its training and those it was forked from."""

import inspect
from collections.abc import Callable
from dataclasses import replace

from core import objectives
from core.objectives import Objective
from core.programs.data import DataLines, data_lines
from core.programs.dropout import Dropout
from core.programs.network import formula_lines, network_lines
from core.programs.program import Program, Step
from core.programs.training import (
    CRITERIA,
    Stage,
    changes,
    is_different_in_training,
    is_silenced,
    loop_lines,
    optimizer_line,
    schedule_lines,
    stages_of,
)
from core.provenance import name_of
from core.training import Run

PLOT = """for name in history[0]:
    plt.plot([losses[name] for losses in history], label=name)
plt.xlabel("Epoch")
plt.legend()
plt.show()"""


def program_of(run: Run) -> Program:
    """The program that repeats a run: idiomatic PyTorch, only what is set.

    Raises ValueError, one sentence, for a network or an objective that cannot be written.
    """
    stages = stages_of(run)
    first = stages[0]
    if any(stage.run.model is not first.run.model for stage in stages):
        raise ValueError("There is no program for a run whose network was exchanged on the way.")
    if is_silenced(run.model) and len({stage.recipe.seed for stage in stages}) > 1:
        raise ValueError("There is no program for a run with dropout whose seed was changed on the way.")
    data, loss, objective = data_lines(first.run.data), *loss_of(run.objective)
    steps = [
        Step("Data", "\n".join([*data.lines, *float_targets(run)])),
        Step("Network", network_lines(first.run.model, first.recipe.seed)),
        Step("Loss", losses_function(run, loss)),
        *training_steps(stages, loss),
        Step("The losses, drawn", PLOT, only_in_notebooks=True),
    ]
    if typed := formula_lines(first.run.model):
        steps.insert(0, Step("The typed activation", f"{typed}\n"))
    made = [function for stage in stages for function in data_lines(stage.run.data).functions]
    functions = dict.fromkeys([*made, *([Dropout] if is_silenced(run.model) else []), *objective])
    return Program(title(data), tuple(steps), tuple(functions), shown_of(run), files=data.files)


def program_of_beginning(run: Run, epochs: int) -> Program:
    """The program of a run's first epochs, for a training in which every rounding grows (a step at the edge of
    stability, or beyond): no two ways of adding the same numbers agree on its end."""
    moments = tuple(epoch for epoch in run.history if epoch.number <= max(epochs, run.history[0].number))
    program = program_of(replace(run, history=moments))
    return replace(program, title=f"{program.title}: the first {moments[-1].number} of {run.last.number} epochs")


def title(data: DataLines) -> str:
    """What a run is, in words of this project."""
    problem = name_of(data.functions[-1]).replace("_", " ") if data.functions else "own samples"
    return f"A neural network learns: {problem}"


def shown_of(run: Run) -> dict[str, float]:
    """The numbers that the page shows of a run."""
    test = {"test loss": run.last.test_loss} if len(run.data.x_test) else {}
    return {"train loss": run.last.train_loss, **test}


def loss_of(objective: Objective) -> tuple[str, tuple[Callable, ...]]:
    """An objective as an expression of x and y, and the function it needs."""
    if objective in CRITERIA:
        return "criterion(model({x}), {y})", ()
    if inspect.isfunction(objective) and objective.__name__ == objective.__qualname__ != "<lambda>":
        return f"{objective.__name__}(model, {{x}}, {{y}})", (objective,)
    raise ValueError("There is no program for this objective: it is not a function at the top level of a file.")


def float_targets(run: Run) -> list[str]:
    """One logit is held against numbers, not against class numbers."""
    if run.objective is not objectives.binary_cross_entropy:
        return []
    names = ("y", "y_test") if len(run.data.x_test) else ("y",)
    return [f"{', '.join(names)} = {', '.join(f'{name}[:, None].float()' for name in names)}"]


def losses_function(run: Run, loss: str) -> str:
    """The criterion, and a function that measures the losses."""
    train, test = loss.format(x="x", y="y"), loss.format(x="x_test", y="y_test")
    entries = [f'"train loss": {train}.item()', *([f'"test loss": {test}.item()'] if len(run.data.x_test) else [])]
    evaluation = "    model.eval()\n" if is_different_in_training(run.model) else ""
    criterion = f"criterion = {CRITERIA[run.objective]}\n\n" if run.objective in CRITERIA else ""
    return (
        f"{criterion}\n@torch.no_grad()\ndef losses() -> dict[str, float]:\n{evaluation}"
        f"    return {{{', '.join(entries)}}}\n"
    )


def training_steps(stages: list[Stage], loss: str) -> list[Step]:
    """One step per stage: what it sets or changes, and its loop. Equal loops become a function."""
    bodies, restart = [], 0
    for place, stage in enumerate(stages):
        if place and stage.run.data is not stages[place - 1].run.data:
            restart = stage.first
        bodies.append(loop_lines(stage, loss, restart))
    shared = len(stages) > 1 and all(body == bodies[0] for body in bodies)
    function = [
        "\n\ndef train(epochs: range) -> None:",
        "    for epoch in epochs:",
        *indented(indented(bodies[0])),
        "\n",
    ]
    steps = []
    for place, (stage, body) in enumerate(zip(stages, bodies, strict=True)):
        epochs = f"range({stage.first + 1}, {stage.last + 1})"
        loop = [f"train({epochs})"] if shared else [f"for epoch in {epochs}:", *indented(body)]
        lines = forked(stages[place - 1], stage) if place else [*begun(stage), *(function if shared else [])]
        ending = ["result = history[-1]"] if stage is stages[-1] else []
        heading = f"Fork after epoch {stage.first}" if place else "Training"
        steps.append(Step(heading, "\n".join([*lines, *loop, *ending])))
    return steps


def indented(lines: list[str]) -> list[str]:
    """Lines four spaces further right."""
    return [f"    {line}" for line in lines]


def begun(stage: Stage) -> list[str]:
    """What stands before the first loop."""
    return [optimizer_line(stage.recipe), *schedule_lines(stage), "history = [losses()]"]


def forked(before: Stage, stage: Stage) -> list[str]:
    """What a fork changes, under a comment."""
    lines = [f"# Fork: after epoch {stage.first} something changes."]
    if stage.run.data is not before.run.data:
        lines += [*data_lines(stage.run.data).lines, *float_targets(stage.run), "history[-1] = losses()"]
    return [*lines, *changes(before, stage)]
