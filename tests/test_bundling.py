"""What a learner brought stays data in a program, and things of one name stay apart."""

import ast
import random
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from test_script import final_loss, printed

from core import data as sets
from core.data.own import points, table
from core.models import MLP
from core.models.typed import TypedMLP
from core.script import Experiment, experiment, notebook, program
from core.training import Recipe, learning_rate, train

HOSTILE = ("'); import os; open('pwned', 'w')#", 'a"""b', "line\nbreak\u2028end", "back\\", "{0}%s", "\N{PILE OF POO}")


def test_hostile_data_stay_data(seed: int, tmp_path: Path) -> None:
    """Class names made to break out of quotes: the program repeats the run and does nothing else."""
    draw = random.Random(seed)
    cells = [name.replace('"', '""') for name in HOSTILE]
    rows = [f'{draw.random()},{draw.random()},"{cell}"' for cell in cells for _ in range(8)]
    data = table("first,second,kind\n" + "\n".join(rows) + "\n")
    clicks = points([(draw.uniform(-2, 2), draw.uniform(-2, 2), turn % 3) for turn in range(200)], seed=seed)
    runs = [
        train(MLP(2, 4, one.outputs, seed=seed), one, Recipe(epochs=2, seed=seed), engine="torch")
        for one in (data, clicks)
    ]
    texts = [program(run) for run in runs]
    for run, output in zip(runs, printed(texts, tmp_path), strict=True):
        assert final_loss(output) == run.last.train_loss
    assert not (tmp_path / "pwned").exists()
    for text in texts:
        calls = {
            node.func.id
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Call) and hasattr(node.func, "id")
        }
        assert not calls & {"eval", "exec", "__import__"}


def test_words_that_are_read_and_settings_that_are_things(seed: int, tmp_path: Path) -> None:
    """Functions named inside a formula, dataclasses as arguments, a training within an experiment."""
    data, recipe = sets.boundary("y**2 + sin(2*x) > 0.5", samples=60, seed=seed), Recipe(epochs=2, seed=seed)
    typed = train(TypedMLP(2, 4, 2, formula="x*sigmoid(1.7*x) + tanh(x)", seed=seed), data, recipe, engine="torch")
    call = "train(MLP(2, 3, 2), moons(samples=40), Recipe(epochs=1), engine='torch').last.train_loss"
    inner = Experiment((train, MLP, sets.moons, Recipe), f"print({call})")
    texts = [program(typed), program(experiment(learning_rate, Recipe(schedule="cosine"), 3, 10)), program(inner)]
    outputs = printed(texts, tmp_path)
    assert final_loss(outputs[0]) == typed.last.train_loss
    assert float(outputs[1]) == learning_rate(Recipe(schedule="cosine"), 3, 10)
    run = train(MLP(2, 3, 2), sets.moons(samples=40), Recipe(epochs=1), engine="torch")
    assert float(outputs[2]) == run.last.train_loss
    with pytest.raises(ValueError, match=r"^There is no program for this.*\.$"):
        program(experiment(learning_rate, object(), 3, 10))


@pytest.mark.parametrize(
    "source",
    [
        "", "moons", "moons(seed=__import__('os').getpid())", "moons(seed=1)\nimport os", "moons(seed=1) or 1",
        "moons(seed=[print() for _ in 'a'])", "os.system('true')", "moons(seed=lambda: 0)", "moons(" * 200,
        "nothing(seed=1)", "moons(seed=(1).__class__)", "moons(**{'seed': 1})", "moons(*[1])", "Data(seed=f'{1}')",
        "\x00",
    ],
)  # fmt: skip
def test_only_literal_calls_are_programs(source: str) -> None:
    run = train(MLP(2, 3, 2), sets.moons(samples=40), Recipe(epochs=1), engine="torch")
    for text in (program, notebook):
        with pytest.raises(ValueError, match=r"^There is no program for .*\.$"):
            text(replace(run, data=replace(run.data, source=source)))


PAGE = '''
"""A page's own file."""
from math import sqrt
from core import objectives, randomness
from core.randomness import uniform

TABLE = {"one": 1, "two": 2}
WORD = sqrt(TABLE["two"] + 2)


def mixed(value):
    """The same name as in core.randomness, another meaning."""
    return value + WORD


class Answer:
    def text(self, value):
        if value:
            from core.metrics import accuracy as right
            from core.randomness import mixed as stirred
        local = uniform
        return mixed(value), float(local(1, 2, 3, (1,))), objectives.hinge.__name__, right.__name__, stirred(5)

    def unused(self):
        return randomness.bits(1, 2, 3, value)
'''


def test_equal_names_of_two_files_stay_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_page_of_its_own.py").write_text(PAGE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    from a_page_of_its_own import Answer

    monkeypatch.delitem(sys.modules, "a_page_of_its_own")
    folder = tmp_path / "empty"
    folder.mkdir()
    text = program(Experiment((Answer,), "print(Answer().text(3))"))
    assert printed([text], folder)[0].strip() == str(Answer().text(3))
    assert "unused" not in text and '"one"' not in text and "core" not in re.sub('"""[^"]*"""', "", text)
