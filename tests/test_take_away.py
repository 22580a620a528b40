"""What is taken away from the playground answers raw rows, and names the classes as the table does."""

import csv
import io
import json
import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from own_tables import written

from core.data import FEATURES
from core.data.tables import Table, opened
from core.topics.mlp import exports, setting_of, trained
from core.topics.mlp.answering import Answering, program, rows_of

pytestmark = [
    pytest.mark.usefixtures("compilation"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"),
]
HOSTILE = ('"""; open("stolen", "w")#', "<5 {0} \\")


def people(seed: int, kinds=("a", "b"), samples: int = 60) -> list[tuple]:
    """Rows of height, weight and kind, far from standardised."""
    draw = random.Random(seed)
    return [
        (round(draw.gauss(170 if i % 2 else 150, 8), 1), round(draw.gauss(70 if i % 2 else 50, 6), 1), kinds[i % 2])
        for i in range(samples)
    ]


def run_on(rows, names=("height", "weight", "kind"), **values):
    """The playground's run on a table of these rows."""
    page, columns = opened(written([names, *rows]).encode())
    return trained(setting_of(data="own table", table=Table(page.text, *columns), epochs=40, **values))


def inference(run):
    import onnxruntime

    return onnxruntime.InferenceSession(exports.as_onnx(run))


def kinds_of(run, rows) -> list[str]:
    """The classes that the run itself gives to raw rows, through numpy."""
    scales = np.array(rows_of(run.data).scales)
    x = (np.array([row[:2] for row in rows], dtype=np.float64) - scales[:, 0]) / scales[:, 1]
    outputs = run.at()(torch.tensor(x, dtype=torch.float32))
    return [rows_of(run.data).labels[index] for index in outputs.argmax(dim=1)]


def answered(run, rows, folder) -> list:
    """What the program beside the weights prints for raw rows."""
    (folder / "weights.safetensors").write_bytes(exports.as_safetensors(run))
    text = program(run) + f"print(repr(answer({[list(row[:2]) for row in rows]})))\n"
    (folder / "answer.py").write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, "answer.py"], cwd=folder, capture_output=True, text=True, check=True)
    return eval(done.stdout.splitlines()[-1], {"__builtins__": {}})


def test_the_scaling_leads_back_to_the_rows(seed):
    rows = people(seed)
    run = run_on(rows, seed=seed)
    assert rows_of(run.data).columns == ("height", "weight") and rows_of(run.data).target == "kind"
    mean, deviation = np.array(rows_of(run.data).scales).T
    back = torch.cat([run.data.x, run.data.x_test]).numpy() * deviation + mean
    assert sorted(map(tuple, back.round(1).tolist())) == sorted(row[:2] for row in rows)


def test_the_onnx_file_takes_raw_rows_and_names_their_classes(seed):
    rows = people(seed, HOSTILE)
    run = run_on(rows, seed=seed)
    x = np.array([row[:2] for row in rows], np.float32)
    chances, names = inference(run).run(None, {"x": x})
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-5) and set(names) <= set(HOSTILE)
    right = [name == row[2] for name, row in zip(names, rows, strict=True)]
    assert np.mean(right) == pytest.approx((run.last.train_score * 30 + run.last.test_score * 30) / 60, abs=0.02)
    assert list(names) == kinds_of(run, rows)


@pytest.mark.parametrize(
    "values",
    [{"batch_norm": True, "dropout": 0.2, "inputs": ("x", "y", "xy")}, {"loss": "binary cross-entropy"},
     {"data": "blobs", "classes": 4}, {"data": "wave"}, {"hidden_layers": 0}],
    ids=str,
)  # fmt: skip
def test_the_onnx_file_answers_alike_for_any_batch(values, seed):
    run = trained(setting_of(**{"epochs": 10, "seed": seed} | values))
    session, own = inference(run), Answering(run).eval()
    points = (torch.rand(9, 2, generator=torch.Generator().manual_seed(seed)) - 0.5) * 4
    for count in (1, 9):
        answers = session.run(None, {"x": points[:count].numpy()})
        expected = own(points[:count]).detach()
        assert np.abs(answers[0] - expected.numpy()).max() < 1e-4
        if run.data.classes:
            assert list(answers[1]) == [run.data.classes[index] for index in expected.argmax(dim=1)]


@pytest.mark.parametrize(
    "values",
    [{}, {"inputs": tuple(FEATURES)}, {"batch_norm": True, "dropout": 0.1}, {"hidden_layers": 0},
     {"layer_by_layer": "6 GELU, 5 LeakyReLU, 4 linear, 3 sigmoid"}],
    ids=str,
)  # fmt: skip
def test_the_program_beside_the_weights_answers_raw_rows(values, seed, tmp_path):
    rows = people(seed, HOSTILE)
    run = run_on(rows, seed=seed, **values)
    raw = torch.tensor([row[:2] for row in rows], dtype=torch.float64)
    winners = Answering(run).eval()(raw).argmax(dim=1)
    labels = rows_of(run.data).labels
    assert answered(run, rows, tmp_path) == [labels[index] for index in winners]
    assert not (tmp_path / "stolen").exists()


def test_a_regression_is_answered_in_its_own_units(seed, tmp_path):
    draw = random.Random(seed)
    rows = [(a := draw.uniform(1e3, 2e3), b := draw.uniform(0, 1e-3), 5000 + 3 * a + 1e6 * b) for _ in range(80)]
    run = run_on(rows, ("size", "age", "price"), seed=seed, hidden_layers=0)
    prices = [row[2] for row in rows]
    said = answered(run, rows, tmp_path)
    assert np.corrcoef(said, prices)[0, 1] > 0.99
    assert np.abs(np.array(said) - prices).mean() < 0.5 * np.std(prices)  # forty epochs do not always get there
    answers = inference(run).run(None, {"x": np.array([row[:2] for row in rows], np.float32)})[0][:, 0]
    assert np.allclose(answers, said, atol=0.01 * np.std(prices))


def test_the_json_file_says_all_that_turns_a_row_into_a_class(seed):
    rows = people(seed, HOSTILE)
    run = run_on(rows, seed=seed)
    file = json.loads(exports.as_json(run))
    h = np.array([row[:2] for row in rows])
    h = (h - [column["mean"] for column in file["inputs"]]) / [column["deviation"] for column in file["inputs"]]
    for place, name in enumerate(file["activations"]):
        weight, bias = (np.array(file["weights"][f"hidden.{place}.0.{part}"]) for part in ("weight", "bias"))
        h = {"tanh": np.tanh}[name](h @ weight.T + bias)
    outputs = h @ np.array(file["weights"]["output.weight"]).T + file["weights"]["output.bias"]
    assert [file["classes"][index] for index in outputs.argmax(axis=1)] == kinds_of(run, rows)
    assert file["classes"] == sorted(HOSTILE) and file["target"] == "kind"


def test_what_is_taken_away_is_the_trained_network(seed):
    from safetensors.torch import load

    run = trained(setting_of(epochs=20, seed=seed))
    answers = run.at()(run.data.x_test)
    fresh, listed = run.at(), run.at()
    for model in (fresh, listed):
        torch.nn.init.zeros_(model.output.weight)
    fresh.load_state_dict(load(exports.as_safetensors(run)))
    weights = json.loads(exports.as_json(run))["weights"]
    listed.load_state_dict({name: torch.tensor(values) for name, values in weights.items()})
    assert torch.equal(fresh(run.data.x_test), answers) and torch.allclose(listed(run.data.x_test), answers, atol=1e-6)
    rows = list(csv.DictReader(io.StringIO(exports.as_csv(run))))
    assert [float(row["train_loss"]) for row in rows] == run.curve("train_loss")[1]
