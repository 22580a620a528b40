"""The program of the page on machine and deep learning: all five learners on the same few digits."""

from core.data.digits import DIGITS, mixed_digits, shipped
from core.models import CNN, MLP
from core.programs import Program, Step
from core.programs.network import network_lines
from core.programs.training import trained_function
from core.topics.ml_vs_dl.numbers import HELD_OUT, Race, recipe_of

DATA = """x, y = mixed_digits(seed={seed!r})
x, y, x_test, y_test = x[:{size!r}], y[:{size!r}], x[{first!r}:], y[{first!r}:]"""
CLASSIC = """learners = {{
    "logistic regression": LogisticRegression(C=0.1, max_iter=300),
    "k nearest neighbours": KNeighborsClassifier(3),
    "random forest": RandomForestClassifier(200, random_state={seed!r}),
}}
result = {{}}
for name, learner in learners.items():
    learner.fit(x.flatten(1).numpy(), y.numpy())
    result[name] = float(learner.score(x_test.flatten(1).numpy(), y_test.numpy()))"""
IMPORTS = """from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

"""
ACCURACY = '''

def accuracy(model: nn.Sequential, x: Tensor) -> float:
    """The share of held-out digits that a network knows."""
    return (model(x).argmax(dim=1) == y_test).float().mean().item()
'''


def program_of_live(size: int, seed: int, race: Race | None = None) -> Program:
    """The five learners on the first ``size`` digits of a seed, beside what a live ``race`` measured with that seed."""
    held_out = DIGITS - round(HELD_OUT * DIGITS)
    networks = [
        network_lines(MLP(64, 128, 10, seed=seed), seed),
        'result["MLP"] = accuracy(trained(model, x.flatten(1), y), x_test.flatten(1))',
        "",
        network_lines(CNN(10, channels=(16, 32), size=8, seed=seed), seed),
        'result["CNN"] = accuracy(trained(model, x, y), x_test)',
    ]
    steps = (
        Step("The digits", DATA.format(seed=seed, size=size, first=held_out)),
        Step("Three classic learners", IMPORTS + CLASSIC.format(seed=seed)),
        Step("How a network is trained", trained_function(recipe_of(size, seed)) + ACCURACY),
        Step("Two networks", "\n".join(networks)),
    )
    shown = {name: float(values[0, 0]) for name, values in race.accuracies.items()} if race else {}
    functions = (shipped, mixed_digits)
    return Program("Machine learning or deep learning", steps, functions, shown, tolerance=3 / round(HELD_OUT * DIGITS))
