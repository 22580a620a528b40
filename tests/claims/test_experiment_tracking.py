"""What the page “Experiment tracking” states, on fresh seeds."""

import csv
import io
import itertools
import json
import math
import string
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from core.data import moons
from core.jobs.servers import HERE, Berth, Fleet, moored
from core.lessons.controls import defaults
from core.models import MLP
from core.topics.experiment_tracking import live, reproducing, selecting
from core.topics.experiment_tracking.columns import Column, Table, brushed, conditions, kept, safe
from core.topics.experiment_tracking.compare_view import COMPARE
from core.topics.experiment_tracking.comparing import CANNOT, NOBODY, because_of, compared, noise_of
from core.topics.experiment_tracking.events import packed
from core.topics.experiment_tracking.live_view import LIVE, smoothed
from core.topics.experiment_tracking.offline import MOST, archive, offline
from core.topics.experiment_tracking.pictures import all_runs, overlaid
from core.topics.experiment_tracking.reproduce_view import REPRODUCE
from core.topics.experiment_tracking.runs_view import FILTER, RUNS, clicked
from core.topics.experiment_tracking.seen import digest, seen
from core.topics.experiment_tracking.select_view import SELECT
from core.topics.experiment_tracking.sweep import HELD_OUT, SWEEP, WHERE, explained, short, sweep
from core.topics.experiment_tracking.take_away_view import TAKE_AWAY, drawn_offline
from core.training import Recipe, train
from core.training.logbook import CURVES, SEED, Logbook, entry, runs_in, settings_of

SAFE = set(string.ascii_letters + string.digits + "/-.")
FILTERED = {"filter": "", "sort_by": HELD_OUT, "colour_by": "Learning rate", "rows": "all of this visit"}


def swept(seed: int = 0, **changes):
    """A sweep at the page's first settings, or with some changed."""
    return sweep(**{**defaults(SWEEP), **changes}, seed=seed)


@pytest.fixture(scope="module")
def found(compilation):
    """The sweep that the page opens with."""
    return seen(swept(), ())


@pytest.fixture(scope="module")
def written(found):
    """The same as event files."""
    return packed(found)


# On record -----------------------------------------------------------------------------------------------------------


def test_a_record_holds_all_that_the_specification_holds_and_no_weights(seed):
    run = swept(seed % 1000, seeds=1, learning_rates=["0.1"], hidden_units=["4"]).runs[0]
    one = entry(run, "a")
    recipe = vars(run.recipe)
    for name in ("learning_rate", "batch_size", "optimizer", "epochs", "seed", "momentum", "weight_decay"):
        assert one.settings[name.replace("_", " ").capitalize()] == recipe[name]
    assert (one.settings["Data"], one.settings["Noise"], one.settings["Hidden units"]) == ("moons", 0.2, 4)
    assert len(one.text) < 10_000 and json.loads(one.text)["settings"] == dict(one.settings)
    assert one.results[HELD_OUT] == run.last.test_loss and set(one.curves) == set(CURVES)
    assert entry(train(run.model, run.data, run.recipe)).specification == one.specification
    assert entry(train(run.model, run.data, replace(run.recipe, momentum=0.8))).specification != one.specification


def test_other_networks_and_forks_are_on_record_too(seed):
    run = train(torch.nn.Sequential(torch.nn.Linear(2, 2)), moons(samples=40, seed=seed), Recipe(epochs=2, seed=1))
    settings = settings_of(run.fork(1, learning_rate=0.5))
    assert settings["Network"] == "Sequential" and settings["Forked"] == "after epoch 1"
    assert settings["Seed of the data"] == seed and settings[SEED] == 1
    many = train(MLP(2, 3, 5, 2, seed=4), moons(samples=40), Recipe(epochs=1))
    assert settings_of(many)["Hidden units"] == "3, 5" and settings_of(many)["Seed of the weights"] == 4


def test_a_logbook_finds_the_runs_behind_a_picture_once_and_forgets_the_oldest(found):
    book = Logbook(most=5)
    book.keep({"deep": [found.sweep]}, "here")
    last = [each.specification for each in found.sweep.entries[-5:]]
    assert [each.specification for each in book.entries.values()] == last
    book.keep(found.sweep.runs[-1], "there")
    assert {each.where for each in book.entries.values()} == {"here"} and len(book.entries) == 5
    assert list(runs_in("words")) == [] and len(list(runs_in(found))) == len(found.sweep.runs)
    nested: list = []
    nested.append(nested)
    assert list(runs_in(nested)) == []


# The table -----------------------------------------------------------------------------------------------------------


def test_a_setting_s_share_of_the_spread_is_eta_squared(seeds):
    for seed in seeds[:5]:
        draw = np.random.default_rng(seed)
        groups = [draw.normal(k, 1, 4 + k) for k in range(3)]
        values = [k for k, group in enumerate(groups) for _ in group]
        f = stats.f_oneway(*groups).statistic
        count, kinds = len(values), 3
        eta = f * (kinds - 1) / (f * (kinds - 1) + count - kinds)
        assert explained(np.concatenate(groups), values) == pytest.approx(eta)


def test_filters_keep_what_they_say(found):
    table = found.here
    left = kept(table, conditions("learning RATE 0.02..; Hidden units = 8; Seed 0|2", table))
    rows = [table.entries[place].settings for place in left]
    assert len(rows) == 4 and all(row["Learning rate"] >= 0.03 and row["Hidden units"] == 8 for row in rows)
    assert kept(table, []) == list(range(18)) == kept(table, conditions(" ; ", table))
    assert kept(table, conditions("Data xor", table)) == [] and len(kept(table, conditions("Data MOONS", table))) == 18
    losses = [table.entries[place].results[HELD_OUT] for place in table.ordered(range(18), HELD_OUT)]
    assert losses == sorted(losses) and table.ordered([3, 1], "Run") == [1, 3]


@pytest.mark.parametrize(
    "text",
    ["x", "Learning rate", "Learning rate a..b", "Seed nan..1", "Seed ٠..1", "<script>", "Seed 1..2..3", "\x00;"],
)
def test_what_is_no_filter_is_answered_in_a_sentence(text, found):
    with pytest.raises(ValueError, match=r"[Aa] (filter names|range of numbers)"):
        conditions(text, found.here)


def test_brushing_an_axis_writes_the_filter_and_a_click_takes_it_away(found):
    table = found.here
    text = brushed("", table, "Learning rate", 0.4, 1.0)
    assert text == "Learning rate 0.0251..0.1" and len(kept(table, conditions(text, table))) == 12
    both = brushed(text, table, "Seed", -0.1, 0.2)
    assert both.startswith(text) and len(kept(table, conditions(both, table))) == 4
    assert brushed(both, table, "Learning rate", 0.5, 0.5).startswith("Seed")
    ((control, value),) = clicked("", table, {"row": 0, "panel": 0, "x": 1.1, "y": 1.0, "x0": 0.9, "y0": 0.4})
    assert control is FILTER and value == text
    assert clicked("", table, {"x": 77.0, "y": 0.5}) == ()
    words = Table(swept(optimizers=["SGD", "Adam"], seeds=1).entries)
    assert brushed("", words, "Optimizer", 0.0, 0.4) == "Optimizer SGD"


def test_axes_keep_order_and_invert(seeds):
    for seed in seeds[:5]:
        values = tuple(float(each) for each in np.random.default_rng(seed).lognormal(0, 2, 20))
        column = Column("a", values)
        assert (np.argsort(values) == np.argsort(column.heights)).all()
        assert np.allclose([column.number_at(height) for height in column.heights], values)
        assert sorted(place for rows in column.groups().values() for place in rows) == list(range(20))
    broken = Column("loss", (0.5, math.nan, math.inf, ""))
    assert broken.heights[1:].tolist() == [1, 1, 1] and Column("none", (math.nan,)).numbers is None


def test_runs_of_other_pages_stand_beside_the_sweep(found, seed):
    others = Logbook()
    others.keep(train(MLP(2, 3, 2), moons(samples=40, seed=seed), Recipe(epochs=3)), "Overfitting")
    others.keep(found.sweep, "Experiment tracking")
    both = seen(found.sweep, tuple(others.entries.values()))
    assert len(both.others) == 1 and len(both.all.entries) == 19 and digest(both) != digest(found)
    assert {"Epochs", "Samples", "From"} <= set(both.all.columns)
    shown = RUNS.draw(both, **{**FILTERED, "filter": "From Overfitting"})
    assert [row["From"] for row in shown.tables[0]] == ["Overfitting"]
    read = packed(both)
    assert read.differ == 0 and read.settings_come_back and "Overfitting" not in "".join(read.files)
    hostile = replace(both.others[0], name="../../run <b>\x00")
    assert all(set(name) <= SAFE for name in packed(seen(found.sweep, (hostile,))).files)


def test_a_table_in_a_file_is_whole_and_runs_nothing(found):
    rows = list(csv.reader(io.StringIO(found.here.csv)))
    assert len(rows) == 19 and {"Learning rate", "Batch size", HELD_OUT, "Spec"} <= set(rows[0])
    place = rows[0].index(HELD_OUT)
    assert float(rows[1][place]) == found.sweep.runs[0].last.test_loss
    assert [safe(text) for text in ("=cmd()", "+1", "@a", "plain", -1)] == ["'=cmd()", "'+1", "'@a", "plain", -1]
    records = json.loads(found.here.json)
    assert [each["specification"] for each in records] == [each.specification for each in found.sweep.entries]


# Compared ------------------------------------------------------------------------------------------------------------


def test_what_two_runs_differ_in_decides_what_may_be_said(found):
    names = {(e.settings["Learning rate"], e.settings["Hidden units"], e.settings[SEED]): e.name
             for e in found.sweep.entries}  # fmt: skip
    of = lambda *keys: compared(found.all.entries, [names[key] for key in keys])  # noqa: E731
    luck = of((0.01, 4, 0), (0.01, 4, 2))
    assert luck.settings == [] and "seed alone" in because_of(luck) and luck.verdict == NOBODY
    one = of((0.01, 4, 0), (0.1, 4, 0))
    assert one.settings == ["Learning rate"] and "one setting" in because_of(one) and one.shared == [0, 1, 2]
    two = of((0.01, 4, 0), (0.1, 8, 0))
    assert "2 settings" in because_of(two) and "cannot be put down" in because_of(two)
    p = stats.ttest_rel(*one.ends.values()).pvalue
    assert (one.verdict == NOBODY) == (p > 0.05)
    means = {short(name): row.mean() for name, row in one.ends.items()}
    for told, verdict in (
        (noise_of(one), one.verdict),
        (noise_of(clear := of((0.01, 4, 0), (0.1, 8, 0))), clear.verdict),
    ):
        assert ("It is lower by more than seed noise" in told) == (verdict != NOBODY) != ("Inside seed noise" in told)
    assert f"the lowest is **{min(means, key=lambda name: means[name])}**'s" in noise_of(one)
    assert (
        "differ in 1 setting, the seed counted" in COMPARE.goal(found, tuple(e.name for e in one.chosen), HELD_OUT).now
    )
    single = seen(swept(seeds=1), ())
    few = compared(single.all.entries, [single.all.entries[0].name, single.all.entries[-1].name])
    assert few.verdict == CANNOT and "3 are needed" in noise_of(few) and "share 1 seed;" in noise_of(few)
    with pytest.raises(ValueError, match="at least two"):
        compared(found.all.entries, [found.all.entries[0].name])


# Reproduced ----------------------------------------------------------------------------------------------------------


def reproduced(*left_out, seed=0, **changes):
    return reproducing.reproduce(
        **{**defaults(REPRODUCE.controls), **changes, "left_out_of_the_record": left_out}, seed=seed
    )


def test_a_whole_record_gives_the_same_bits_and_one_without_its_seed_never_does(seeds):
    for seed in seeds[:3]:
        assert reproduced(seed=seed).same == [True] * 5
        lost = reproduced(SEED, seed=seed)
        assert lost.same == [False] * 5 and lost.apart > 1e-3
        assert len({each.recipe.seed for each in lost.again}) == 5


def test_what_is_not_on_record_is_assumed_and_gives_one_and_the_same_other_number(seeds):
    for seed, field in zip(seeds[:4], ("Learning rate", "Batch size", "Optimizer", "Noise"), strict=True):
        found = reproduced(field, seed=seed)
        assert found.same == [False] * 5 and len({each.last.test_loss for each in found.again}) == 1
    usual = {"learning_rate": 0.01, "batch_size": 32, "optimizer": "Adam"}
    assert all(reproduced("Learning rate", "Batch size", "Optimizer", seed=seeds[0], **usual).same)
    recipe = Recipe()
    assumed = reproducing.ASSUMED
    assert (recipe.learning_rate, recipe.batch_size, recipe.optimizer, recipe.epochs) == tuple(
        assumed[name] for name in ("Learning rate", "Batch size", "Optimizer", "Epochs")
    )


def test_another_engine_agrees_to_rounding_and_not_to_the_bit(seed):
    found = reproduced("Engine", seed=seed, epochs=10)
    assert not all(found.same) and found.apart < 1e-3 and {each.engine for each in found.again} == {"torch"}


# Taken away ----------------------------------------------------------------------------------------------------------


def test_event_files_are_read_back_equal(written, found):
    assert written.points == 18 * 4 * 21 and written.differ == 0 and written.settings_come_back
    assert written.rounded > 0.5 * written.points and 40 < written.per_point < 70
    one, read = written.entries[0], written.read[0]
    assert read.curves[HELD_OUT][0] == one.curves[HELD_OUT][0] and read.settings["Learning rate"] == 0.01
    assert read.curves[HELD_OUT][1][-1] == np.float32(found.sweep.runs[0].last.test_loss)
    with zipfile.ZipFile(io.BytesIO(written.zip)) as archive_of:
        assert len(archive_of.namelist()) == 36 and archive_of.testzip() is None
    import socket

    assert not any(socket.gethostname() in name for name in written.files)


def test_smoothing_is_tensorboards(seeds):
    """Against its definition, a weighted mean of what came before, and it begins with the first value."""
    for seed in seeds[:5]:
        draw = np.random.default_rng(seed)
        values, weight = draw.normal(size=12), float(draw.uniform(0, 0.99))
        soft = smoothed(values, weight)
        for place in range(12):
            weights = weight ** np.arange(place, -1, -1)
            assert soft[place] == pytest.approx((weights * values[: place + 1]).sum() / weights.sum())
        assert np.allclose(smoothed(values, 0.0), values) and soft[0] == pytest.approx(values[0])
        falling = np.linspace(1, 0, 12)
        assert (smoothed(falling, 0.9)[1:] > falling[1:]).all(), "it lags"


@pytest.mark.long
def test_an_offline_run_of_wandb_is_read_back_equal(found):
    work = offline(found.sweep.entries)
    try:
        while True:
            next(work)
    except StopIteration as end:
        more = end.value
    assert len(more.entries) == MOST == len(more.runs) and more.comes_back
    assert drawn_offline(more).pictures and len(archive(more)) > 1000
    assert not replace(more, runs=more.runs[1:]).comes_back


def test_tensorboard_answers_on_this_machine_with_the_runs_and_ends_with_the_visit(written):
    fleet = Fleet()
    berth = Berth(fleet)
    name, command, files, health, settings, missing = live.berthed(written)
    assert not missing and not any(".." in file or file.startswith("/") for file in files)
    work = moored(berth, name, command, files, health, settings, 0)
    try:
        while True:
            next(work)
    except StopIteration as end:
        server = end.value
    try:
        answer = {}
        while len(answer) < 18:  # it reads its files while it already answers
            answer = json.loads(server.call("GET", "/data/runs", None, {}).body)
        assert sorted(answer) == sorted({path.split("/")[1] for path in written.files})
        path = f"/data/plugin/scalars/scalars?run={answer[0]}&tag=Held-out%20loss"
        rows = json.loads(server.call("GET", path, None, {}).body)
        assert [row[2] for row in rows] == pytest.approx(list(written.read[0].curves[HELD_OUT][1]), rel=1e-6)
        connections = [one for one in psutil_of(server.process.pid) if one.status == "LISTEN"]
        assert {one.laddr.ip for one in connections} == {HERE}
    finally:
        berth.close()
    assert not server.alive and fleet.servers == []


def psutil_of(process: int) -> list:
    import psutil

    return psutil.Process(process).net_connections("tcp")


# The views -----------------------------------------------------------------------------------------------------------


def test_challenges_are_open_at_first_and_attainable(found, written, seeds):
    looked = defaults(COMPARE.looks(found))
    assert not RUNS.goal(found, **FILTERED).passed and not COMPARE.goal(found, **looked).passed
    assert not REPRODUCE.goal(reproduced(SEED)).passed
    usual = {"learning_rate": 0.01, "batch_size": 32, "optimizer": "Adam"}
    assert REPRODUCE.goal(reproduced("Learning rate", "Batch size", "Optimizer", **usual)).passed
    assert RUNS.goal(found, **{**FILTERED, "filter": "Hidden units 8; Learning rate 0.1"}).passed
    assert not RUNS.goal(found, **{**FILTERED, "filter": "Held-out loss 0..0.18"}).passed, "a result is no setting"
    wide = seen(swept(seeds=5, learning_rates=["0.003", "0.1"]), ())
    pairs = itertools.combinations([each.name for each in wide.sweep.entries if each.settings[SEED] == 0], 2)
    assert any(COMPARE.goal(wide, pair, HELD_OUT).passed for pair in pairs)
    assert not SELECT.goal(selecting.select(32, 50, 0.8, 0)).passed
    assert any(SELECT.goal(selecting.select(32, 2000, 0.8, seed)).passed for seed in seeds[:6])
    assert not TAKE_AWAY.goal(written, "").passed
    light = packed(seen(swept(epochs=10, seeds=1), ()))
    assert TAKE_AWAY.goal(light, "").passed
    assert not LIVE.goal(written, "", 0.9).passed
    assert any(LIVE.goal(written, "", weight).passed for weight in (0.5, 0.8, 0.9, 0.95)) or misled_elsewhere(seeds)


def test_runs_that_other_views_have_trained_are_no_part_of_the_challenge(found, seeds):
    """They are in TensorBoard, but the winner that smoothing may hide is the sweep's."""
    others = tuple(each for seed in seeds[:6] for each in swept(seed % 9000, epochs=10).entries)
    alone, beside = (packed(seen(found.sweep, visit)) for visit in ((), others))
    assert len(beside.entries) > len(alone.entries)
    for weight in (0.5, 0.8, 0.9, 0.95):
        assert LIVE.goal(beside, "", weight) == LIVE.goal(alone, "", weight)


def misled_elsewhere(seeds) -> bool:
    sweeps = (packed(seen(swept(seed % 9000, epochs=10), ())) for seed in seeds)
    return any(LIVE.goal(each, "", weight).passed for each in sweeps for weight in (0.5, 0.6, 0.8, 0.9, 0.95))


def test_every_view_draws_what_it_says(found, written):
    subjects = [(RUNS, found), (COMPARE, found), (TAKE_AWAY, written), (LIVE, written)]
    for view, subject in subjects:
        looked = defaults(view.looks(subject))
        for shown in (view.draw(subject, **looked), view.before(subject, **looked)):
            for picture in (one for row in shown.pictures for one in row):
                picture.plotly()
                assert "nan" not in picture.alt and len(picture.alt) > 40
        assert view.question(subject, **looked).truth is not None
    assert overlaid({"run 1": found.here.entries[:1]}).alt.endswith("(1 seed).")


def test_smoothing_with_nothing_leaves_a_curve_and_a_rise_is_remembered_too(found, written):
    assert (
        "leaves them as they are" in LIVE.draw(written, "", 0.0).note and "lags" not in LIVE.draw(written, "", 0.0).note
    )
    assert "Nothing is smoothed" in LIVE.question(written, "", 0.0).because
    for name in [each.name for each in written.entries]:
        values = np.array(next(each for each in written.entries if each.name == name).curves[HELD_OUT][1])
        risen = smoothed(values, 0.9)[-1] <= values[-1]
        assert ("has risen" in LIVE.question(written, name, 0.9).because) == risen
    one = seen(swept(seeds=1, learning_rates=["0.1"], hidden_units=["8"]), ())
    assert "without a spread" in RUNS.question(one, **FILTERED).because
    alone = packed(one)
    assert "**1 run** in 2 event files" in TAKE_AWAY.draw(alone, "").note
    assert TAKE_AWAY.before(alone, "").note.startswith("On record: **1 run**, such as")


def test_a_run_that_broke_is_drawn_and_kept_last(found):
    first = found.sweep.entries[0]
    epochs, values = first.curves[HELD_OUT]
    broken = replace(first, name="broken", specification="x", settings={**first.settings, "Learning rate": 9.0},
                     curves={**first.curves, HELD_OUT: (epochs, (*values[:-1], math.inf))}, where=WHERE)  # fmt: skip
    table = Table((*found.sweep.entries, broken))
    assert table.ordered(range(19), HELD_OUT)[-1] == 18
    all_runs(table, range(19), HELD_OUT).plotly()
    both = seen(found.sweep, (broken,))
    assert COMPARE.draw(both, (first.name, "broken"), HELD_OUT).pictures
    read = packed(both)
    assert read.differ == 0 and short(first.name) == "run 1"
