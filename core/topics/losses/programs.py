"""The programs of the page on loss functions: what each loss punishes, pushes and asks for, in PyTorch's own words."""

import numpy as np

from core.programs import Program, Step
from core.topics.losses.numbers import Shapes, Wish

LOSSES = {  # of one sample whose error, or whose right class's lead, is x
    "numbers": """losses = {"MSE": x.square(), "MAE": x.abs(), "Huber": functional.huber_loss(x, torch.tensor(0.0))}""",
    "classes": """outputs = torch.stack([x, torch.tensor(0.0)])  # the right class comes first
log_p = functional.log_softmax(outputs, dim=0)[0]  # log of the probability given to it
losses = {
    "cross-entropy": -log_p,
    "focal": -(1 - log_p.exp()).square() * log_p,  # what is already right hardly counts
    "hinge": torch.relu(1 - x),  # the right class should lead by 1
}""",
}
SLOPES = """result = {}
for name, loss in losses.items():
    slope, = torch.autograd.grad(loss, x, retain_graph=True)
    result |= {f"{name}: value": loss.item(), f"{name}: slope": slope.item()}"""
NUMBERS = """answers = torch.linspace(sample.min().item(), min(sample.max().item(), 12.0), 1201, dtype=torch.float64)
errors = answers[:, None] - sample
nothing = torch.zeros_like(errors)
losses = {
    "MSE": errors.square(),
    "MAE": errors.abs(),
    "Huber": functional.huber_loss(errors, nothing, reduction="none"),
}
losses = {name: loss.mean(dim=1) for name, loss in losses.items()}"""
CLASSES = """answers = torch.linspace(0.02, 0.98, 481, dtype=torch.float64)  # probabilities given to class 1
lead = torch.log(answers / (1 - answers))  # of class 1's output over that of class 0


def losses_of(lead):
    # three losses of samples whose right class leads by so much
    log_p = functional.logsigmoid(lead)
    return {
        "cross-entropy": -log_p,
        "focal": -(1 - log_p.exp()).square() * log_p,
        "hinge": torch.relu(1 - lead),
    }


ones, zeros = losses_of(lead), losses_of(-lead)
losses = {name: share * ones[name] + (1 - share) * zeros[name] for name in ones}"""
LOWEST = "result = {name: answers[loss.argmin()].item() for name, loss in losses.items()}"
PLOT = """for name, loss in losses.items():
    plt.plot(answers, loss - loss.min(), label=name)
plt.legend()
plt.show()"""


def program_of_slopes(shapes: Shapes, kind: str, at: float) -> Program:
    """Every loss of a kind ("numbers" or "classes") and its slope at the point of the curves that is nearest."""
    place = int(np.abs(shapes.x - at).argmin())
    point = f"x = torch.tensor({float(shapes.x[place])!r}, requires_grad=True)"
    shown = {f"{name}: value": float(values[place]) for name, values in shapes.values.items()}
    shown |= {f"{name}: slope": float(values[place]) for name, values in shapes.slopes.items()}
    steps = (Step("Losses", f"{point}\n{LOSSES[kind]}"), Step("Slopes", SLOPES))
    return Program("Losses and their slopes", steps, (), shown)


def program_of_wish(wish: Wish) -> Program:
    """The constant answer at which each loss is lowest, and what statistics calls it."""
    kind, skew, share, seed = wish.asked
    if kind == "numbers":
        sample = [
            f"generator = torch.Generator().manual_seed({seed!r})",
            "sample = torch.randn(201, generator=generator, dtype=torch.float64)",
            *([f"sample = ({skew!r} * sample).exp() - 1"] if skew else []),
        ]
        steps = (Step("A sample", "\n".join(sample)), Step("Mean loss of every constant answer", NUMBERS))
        marks = '{"mean": sample.mean().item(), "median": sample.median().item()}'
    else:
        steps = (Step("Mean loss of every constant answer", f"share = {share!r}  # of class 1\n{CLASSES}"),)
        marks = '{"true share": share}'
    drawn = Step("The losses, drawn", PLOT, only_in_notebooks=True)
    steps = (*steps, drawn, Step("The lowest", f"{LOWEST}\nresult |= {marks}"))
    return Program("What a loss asks for", steps, (), wish.best | wish.marks)
