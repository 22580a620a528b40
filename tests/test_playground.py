"""The playground's parts: inputs, layers written out, tables, take-away, and what learners throw at it."""

import json

import numpy as np
import pytest
import torch
from pages_under_test import opened, watched

from core.data import FEATURES, moons, spiral, wave, with_inputs
from core.data.features import in_plane, seen
from core.data.tables import plainly, screen_names
from core.figures import boundary
from core.lessons import curriculum
from core.lessons.controls import defaults
from core.metrics import accuracy
from core.probes.loss_planes import loss_plane
from core.topics.mlp import hands, is_quick, setting_of, trained, training
from core.topics.mlp.flow import gradients, warp
from core.topics.mlp.loss_surface import landscape
from core.topics.mlp.runs import hidden_layers
from core.topics.mlp.scores import confusion, layer_rows, measures
from core.topics.mlp.units import units
from core.topics.mlp.views import VIEWS

TOPIC = curriculum.topic("mlp")


pytestmark = pytest.mark.usefixtures("compilation")


def test_inputs_are_computed_from_the_plane_and_the_plane_is_kept(seed):
    data = spiral(seed=seed)
    wide = with_inputs(data, tuple(FEATURES))
    x, y = data.x.T
    angle = torch.complex(x, y).angle() / torch.pi
    expected = [x, y, x**2, y**2, x * y, torch.sin(3 * x), torch.sin(3 * y), (x**2 + y**2).sqrt(), angle]
    assert torch.allclose(wide.x, torch.stack(expected, 1), atol=1e-6) and in_plane(wide) is data
    assert torch.equal(seen(wide, data.x_test), wide.x_test) and torch.equal(seen(data, data.x), data.x)
    assert with_inputs(data, ("x", "y")) is data
    for wrong in ((), ("z",)):
        with pytest.raises(ValueError, match="Choose at least one input"):
            with_inputs(data, wrong)


def test_what_is_drawn_is_what_the_network_answers(seed):
    """The surface under each training point has the colour of the network's own answer there."""
    run = trained(setting_of(inputs=("y", "xy", "radius"), seed=seed))
    picture = boundary(run)
    from pages_under_test import numbers

    assert picture.traces[0]["type"] == "heatmap" and all(np.isfinite(each).all() for each in numbers(picture))
    from core.probes.surfaces import surfaces

    answers = surfaces(run, [run.last], resolution=60)[0].argmax(dim=1).reshape(60, 60)
    points, step = in_plane(run.data).x, 4.8 / 59
    column, row = ((points + 2.4) / step).round().long().clamp(0, 59).T
    drawn = answers[row, column]
    assert (drawn == run.at()(run.data.x).argmax(dim=1)).float().mean() > 0.95


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ("", ((8, "tanh"),) * 2),
        ("16 tanh, 8 relu,4", ((16, "tanh"), (8, "ReLU"), (4, "tanh"))),
        (" 3 ", ((3, "tanh"),)),
    ],
)
def test_layers_written_out(text, layers):
    assert hidden_layers(setting_of(layer_by_layer=text)) == layers


@pytest.mark.parametrize(
    "text", ["x", "0", "8,,4", "129", "8 swish", "4 4", ",".join(["2"] * 13), "٣", "![](http://x)"]
)
def test_layers_that_cannot_be_read_are_named(text):
    with pytest.raises(ValueError, match=r"^Layer (by layer|\d+): [^!]+\.$"):
        hidden_layers(setting_of(layer_by_layer=text))


@pytest.mark.parametrize(
    "values",
    [{"data": name} for name in ("circle", "rings", "blobs", "plane", "wave", "typed border")]
    + [{"inputs": ("x²",), "layer_by_layer": "3 GELU, 1, 2 sigmoid"}, {"hidden_layers": 0}, {"batch_norm": True}]
    + [{"data": "blobs", "classes": 6, "loss": "hinge"}, {"optimizer": "SGD", "learning_rate": 10.0, "data": "wave"}],
    ids=str,
)
def test_every_view_draws_every_problem(values, seed):
    run = trained(setting_of(**values, epochs=20, samples=60, seed=seed))
    for view in VIEWS.values():
        shown = view.draw(run, **defaults(view.looks(run)))
        for picture in [one for row in shown.pictures for one in row]:
            picture.plotly()
            assert len(picture.alt) > 20 and len(picture.frames) == len(picture.labels)


def test_pictures_stay_small(seed):
    run = trained(setting_of(hidden_layers=8, units_per_layer=32, epochs=60, seed=seed))
    for picture in (units(run), warp(run), gradients(run), landscape(run, loss_plane(run, resolution=9))):
        assert len(json.dumps([picture.traces, picture.frames])) < 1_500_000


def test_a_slow_training_is_offered_as_work_and_gives_the_same_run(seed):
    slow = setting_of(batch_norm=True, epochs=2000, batch_size=1 + 1, seed=seed)
    assert not is_quick(slow) and is_quick(setting_of())
    setting = setting_of(batch_norm=True, epochs=3, samples=60, seed=seed)
    steps, work = [], training(setting)
    while True:
        try:
            steps.append(next(work))
        except StopIteration as end:
            run = end.value
            break
    assert steps[-1][0] == 1.0 and torch.equal(run.last.weights, trained(setting).last.weights)


def test_confusion_and_measures_agree_with_the_score(seed):
    run = trained(setting_of(data="blobs", classes=4, noise=0.8, epochs=30, seed=seed))
    matrix = confusion(run)
    right = matrix.diagonal().sum().item() / matrix.sum().item()
    assert (
        right
        == pytest.approx(accuracy(run.at()(run.data.x_test), run.data.y_test))
        == pytest.approx(run.last.test_score)
    )
    assert matrix.sum(dim=1).tolist() == run.data.y_test.bincount(minlength=4).tolist()
    assert len(layer_rows(run)) == 3 and f"{run.last.test_loss:.5f}" in measures(run)[0].values()


def test_a_change_by_hand_does_what_it_says(seed):
    run = trained(setting_of(seed=seed))
    edit = hands.Edit(layer=1, unit=3, place=8, change=2.5)
    changed = hands.handled(run, edit, ())
    before, after = run.at(), changed
    assert (after.hidden[1][0].bias - before.hidden[1][0].bias).nonzero().tolist() == [[3]]
    assert hands.value(run, edit) == pytest.approx(before.hidden[1][0].bias[3].item())
    assert hands.names(run, 1, ("x", "y"))[8] == "bias"
    off = hands.handled(run, hands.Edit(0, 0, 0, 0.0), ((0, 1),))
    silent = run.at()
    with torch.no_grad():
        silent.hidden[1][0].weight[:, 1] = 0
    assert torch.allclose(off(run.data.x), silent(run.data.x), atol=1e-6)
    assert hands.within(run.model, hands.Edit(9, 99, 99, 1.0)) == hands.Edit(2, 1, 8, 1.0)


SEMICOLONS = "a;b;kind\n" + "\n".join(f"{k},5;{k * k % 7},25;{'ja' if k % 2 else 'nein'}" for k in range(20))
GOOD = "a,b,kind\n" + "\n".join(f"{k},{k * k % 7},{'red' if k % 2 else 'green'}" for k in range(30))
HOSTILE = {
    "text in numbers": (GOOD.replace("\n7,", "\nseven,"), "Row 9, column “a”"),
    "infinite": (GOOD.replace("\n7,", "\ninf,"), "Row 9, column “a”"),
    "one class only": (GOOD.replace("red", "green"), "2 and 10 classes"),
    "one column": ("a\n1\n2\n3\n4\n5\n", "one column"),
    "spaces between": (GOOD.replace(",", " "), "one column"),
    "ragged": (GOOD + "\n1,2\n", "has 2 cells"),
    "empty": ("", "empty"),
    "no numbers": ("a,b,c\n" + "x,y,z\n" * 9, "two columns of numbers"),
    "byte junk": (bytes(range(256)) * 40, "not a table"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(300), "PNG"),
    "a zip": (b"PK\x03\x04" + bytes(300), "ZIP"),
    "ten million rows": (b"1,2,a\n" * 10_000_000, "2 MB"),
    "many rows": ("a,b,c\n" + "1,2,x\n" * 25_000, "20,000 rows"),
    "many classes": ("a,b,c\n" + "".join(f"{k},{k % 3},w{k // 4}\n" for k in range(36)), "classes"),
    "a picture's address": (GOOD.replace("\n7,", "\n![x](http://example.org/a.png),"), "Row 9"),
    "too few": ("a,b,c\n1,2,x\n2,1,y\n", "rows"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_table_gets_one_clear_sentence(name):
    content, words = HOSTILE[name]
    with watched():
        app = opened(TOPIC, {"mlp.data": "own table"})
        app.file_uploader[0].set_value(
            ("own.csv", content if isinstance(content, bytes) else content.encode(), "text/csv")
        )
        app.run()
    assert not app.exception and len(app.error) == 1, [error.value for error in app.error]
    said = app.error[0].value
    assert words in said and len(said) < 260 and "\n" not in said and "Traceback" not in said
    assert "![" not in said.replace("\\[", ""), "an address from the table must not become a picture"


@pytest.mark.parametrize("content", [GOOD, SEMICOLONS, GOOD.replace(",", "\t"), GOOD.replace("\n7,", "\n,")])
def test_a_table_of_ones_own_is_trained_on(content):
    with watched() as shown:
        app = opened(TOPIC, {"mlp.data": "own table"})
        assert not app.exception and shown.pictures and not shown.programs, "before the upload nothing is trained"
        app.file_uploader[0].set_value(("own.csv", content.encode(), "text/csv")).run()
        assert not app.exception and not app.error
        assert "table(" in shown.programs[0].data.source and len(shown.programs[0].data.classes) == 2
        app.session_state["mlp.column_to_learn"] = "b"
        app.session_state["mlp.up"] = "kind"
        app.run()
    assert not app.exception and len(app.error) == 1, "words are no numbers to look at"


def test_names_from_a_table_lose_everything_a_screen_could_act_on():
    assert plainly("![a](http://b)<b>$x$`c`") == "··a··http···b·‹b›·x··c·"
    assert plainly("setosa 1.5 %") == "setosa 1.5 %" and len(screen_names(["x" * 99])[0]) == 24


def test_own_points_are_trained_on_as_soon_as_there_are_enough():
    with watched() as shown:
        app = opened(TOPIC, {"mlp.data": "own points", "mlp.points": "o1_1o1.2_1b-1_-1"})
        assert not app.exception and not shown.programs
        app.session_state["mlp.points"] = "o1_1o1.2_1b-1_-1b-1.2_-1g0_2g0.1_2"
        app.run()
    assert not app.exception and shown.programs[-1].data.classes == ("orange", "blue", "green")


def test_a_preset_sets_the_controls_and_says_why():
    app = opened(TOPIC)
    app.selectbox(key="mlp.preset").set_value("✗ All weights zero").run()
    assert app.session_state["mlp.initialization"] == "zeros"
    said = " ".join(text.value for text in app.markdown)
    assert "All weights zero" in said and "identical units" in said


def test_the_fix_of_a_diagnosis_is_a_button_that_mends_it():
    app = opened(TOPIC, {"mlp.optimizer": "SGD", "mlp.learning_rate": 0.0001, "mlp.epochs": 100})
    button = next(button for button in app.button if ".fix." in (button.key or ""))
    button.click().run()
    assert not app.exception and app.session_state["mlp.learning_rate"] > 0.0005


def test_a_fix_of_the_network_itself_is_a_button_too():
    app = opened(TOPIC, {"mlp.initialization": "zeros"})
    next(button for button in app.button if ".fix." in (button.key or "")).click().run()
    assert not app.exception and app.session_state["mlp.initialization"] == "He"


def test_data_of_other_shapes_have_no_plane():
    for data in (wave(seed=1), moons(seed=1)):
        assert in_plane(data) is data
    from core.data.data import Data

    cube = Data(
        torch.zeros(4, 3), torch.zeros(4, dtype=torch.long), torch.zeros(2, 3), torch.zeros(2, dtype=torch.long)
    )
    with pytest.raises(ValueError, match="points of the plane"):
        with_inputs(cube, ("x",))
