"""Settings worth starting from, good and bad, each with the reason why it works or fails."""

from core.lessons import Question
from core.lessons.controls import Preset
from core.topics.mlp.settings import Setting, setting_of
from core.training import Run

SAME = 0.03  # scores closer than this count as equal


def rivalry(run: Run, rival: Run) -> Question:
    """How a run compares with a rival without hidden layers."""
    lead = run.last.test_score - rival.last.test_score
    options = ["it does clearly better", f"about the same (within {SAME:.0%})", "it does worse"]
    truth = options[0] if lead > SAME else options[2] if lead < -SAME else options[1]
    return Question(
        "Compared with the same training without any hidden layer, how does this network do on held-out points?",
        options, truth,
        f"It is {run.last.test_score:z.1%} with and {rival.last.test_score:z.1%} without. A network without hidden "
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
    Preset("Spiral, solved", (("units_per_layer", 16), ("noise", 0.05), ("samples", 800), ("schedule", "cosine")),
           "Two layers of 16 units bend the border often enough, 400 points show where, and steps that shrink to 0 let "
           "it settle: at least 97% of the held-out points are right."),
    Preset("Circle without hidden layers", (("data", "circle"), ("hidden_layers", 0), ("inputs", ("x²", "y²"))),
           "Given x² and y² instead of x and y, a circle is a straight line: no hidden unit is needed."),
    Preset("XOR by one product", (("data", "xor"), ("hidden_layers", 0), ("inputs", ("xy",))),
           "The sign of x · y is the answer. The right input can replace a layer."),
    Preset("A line is enough", (("data", "gaussians"), ("hidden_layers", 0)),
           "Two round clouds are separated by a straight line: hidden layers have nothing to add."),
    Preset("Spiral, no hidden layer", (("hidden_layers", 0),),
           "Without a hidden layer the border is one straight line, whatever the training does.", False),
    Preset("Steps too large", (("optimizer", "SGD"), ("learning_rate", 10.0), ("activation", "ReLU")),
           "Every step overshoots the valley: the loss is thrown up or all units die, and the network ends guessing.",
           False),
    Preset("Steps too small", (("optimizer", "SGD"), ("learning_rate", 0.0001), ("epochs", 100)),
           "The weights hardly move: after 100 epochs the network is about where it began.", False),
    Preset("All weights zero", (("initialization", "zeros"),),
           "All units of a layer begin alike, receive the same gradient and stay alike: a layer counts as one unit.",
           False),
    Preset("Deep sigmoids", (("hidden_layers", 8), ("activation", "sigmoid"), ("optimizer", "SGD"),
                             ("learning_rate", 0.3)),
           "Each sigmoid lets at most a quarter of the gradient through: the first layer gets less than a hundredth "
           "of what the last one gets, and the network ends guessing.", False),
    Preset("Penalty too strong", (("weight_decay", 0.1),),
           "The L2 penalty pulls the weights towards 0 harder than the loss pulls them away.", False),
    Preset("Too much dropout", (("dropout", 0.8), ("units_per_layer", 4)),
           "Four of five units are silenced at every step: with four units per layer nothing gets through reliably.",
           False),
    Preset("Learned by heart", (("data", "moons"), ("noise", 0.6), ("samples", 80), ("units_per_layer", 32),
                                ("activation", "ReLU"), ("epochs", 1000)),
           "A large network and 40 noisy points: it learns each of them, noise and all, and does worse on new points.",
           False),
)  # fmt: skip
