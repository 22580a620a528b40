"""Settings worth starting from, good and bad, each with the reason why it works or fails."""

from core.controls import Preset
from core.playground.settings import Setting, setting_of
from core.training import Run

SAME = 0.03  # scores closer than this count as equal


def rivalry(run: Run, rival: Run) -> tuple[str, list[str], str, str]:
    """The question how a run compares with a rival without hidden layers: question, options, truth, reason."""
    lead = run.last.test_score - rival.last.test_score
    options = ["it does clearly better", f"it is within {SAME:.0%}", "the network without them does better"]
    truth = options[0] if lead > SAME else options[2] if lead < -SAME else options[1]
    return (
        "Compared with the same training without any hidden layer, how does this network do on held-out points?",
        options, truth,
        f"Measured: {run.last.test_score:.1%} with and {rival.last.test_score:.1%} without. A network without hidden "
        "layers can only weigh its inputs and add them up.",
    )  # fmt: skip


def preset_of(setting: Setting) -> Preset | None:
    """The preset that a setting is, whatever its seed."""
    for preset in PRESETS:
        if setting_of(**dict(preset.values), seed=setting.seed) == setting:
            return preset
    return None


def reason(setting: Setting) -> str:
    """What a preset is there to show, if the setting is one."""
    preset = preset_of(setting)
    mark = ":material/thumb_up:" if preset and preset.good else ":material/warning:"
    return f"{mark} **{preset.name}.** {preset.reason}" if preset else ""


PRESETS = (
    Preset("Spiral, solved", (("units_per_layer", 16), ("noise", 0.05), ("schedule", "cosine")),
           "Two layers of 16 bend the border twice, and a step that shrinks to 0 lets it settle: at least 97 % of the "
           "held-out points are right."),
    Preset("Spiral, no hidden layer", (("hidden_layers", 0),),
           "Without a hidden layer the border is one straight line, whatever the training does.", False),
    Preset("Steps too large", (("optimizer", "SGD"), ("learning_rate", 10.0), ("activation", "ReLU")),
           "Every step overshoots the valley: the loss jumps about, or grows until it is no number.", False),
    Preset("Steps too small", (("optimizer", "SGD"), ("learning_rate", 0.0001), ("epochs", 100)),
           "A step of 0.0001 hardly moves the weights: after 100 epochs the network still guesses.", False),
    Preset("All weights zero", (("initialization", "zeros"),),
           "All units of a layer begin alike, receive the same gradient and stay alike: the layer counts as one unit.",
           False),
    Preset("Deep sigmoids", (("hidden_layers", 6), ("activation", "sigmoid"), ("optimizer", "SGD")),
           "Each sigmoid shrinks the gradient to a quarter or less: nothing is left for the first layers.", False),
)  # fmt: skip
