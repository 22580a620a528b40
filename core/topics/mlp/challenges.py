"""What a learner can try to reach in the playground, checked on the learner's own run."""

from core.lessons import Goal
from core.topics.mlp.settings import Setting
from core.training import Run
from core.wording import counted

SOLVED, NOISE, UNITS, STEPS = 0.97, 0.1, 12, 100


def few_units(setting: Setting, run: Run) -> Goal:
    """The noisy spiral with few hidden units."""
    units = sum(run.model.widths[1:-1])
    score, plain = run.last.test_score, tuple(setting.inputs) == ("x", "y")
    goal = (
        f"**Fewest units.** Solve the **spiral** with two classes, a noise of {NOISE:g} or more and the inputs x "
        f"and y: held-out accuracy of at least **{SOLVED:.0%}** with at most **{UNITS} hidden units** in all."
    )
    sound = setting.data == "spiral" and setting.noise >= NOISE and setting.classes == 2 and plain
    passed = sound and setting.held_out_share >= 0.3 and score >= SOLVED and units <= UNITS
    now = f"Now: {setting.data}, {counted(units, 'hidden unit')}, held-out score {score:z.0%}."
    return Goal(goal, passed, now, units)


def few_steps(setting: Setting, run: Run) -> Goal:
    """The circle in few updates."""
    steps, score = run.last.step, run.last.test_score
    goal = (
        f"**Fewest steps.** Solve the **circle** with the inputs x and y: held-out accuracy of at least "
        f"**{SOLVED:.0%}** after at most **{STEPS} updates**. Fewer epochs or larger batches make fewer updates."
    )
    sound = setting.data == "circle" and tuple(setting.inputs) == ("x", "y") and setting.held_out_share >= 0.3
    passed = sound and score >= SOLVED and steps <= STEPS
    now = f"Now: {setting.data}, {counted(steps, 'update')}, held-out score {score:z.0%}."
    return Goal(goal, passed, now, steps)
