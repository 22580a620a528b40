"""What the page on self-supervised learning states: its losses, its live trainings on fresh seeds, its record."""

import functools
import inspect
from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional

from core.data.clothes import CLASSES, NAMES, drawn, sheet, shipped, uploaded
from core.data.digits import digits
from core.lessons.controls import defaults
from core.provenance import Measured
from core.topics.self_supervised import (
    augment_view,
    collapse_view,
    live_view,
    loss_view,
    neighbours_view,
    race_view,
    records,
)  # fmt: skip
from core.topics.self_supervised.augmentations import BRIGHTNESS, CROP, ERASE, FLIP, KINDS, NOISE, ROTATION, view_of
from core.topics.self_supervised.judged import COLLAPSED, effective_rank, nearest_labelled, spread
from core.topics.self_supervised.learning import (
    BYOL,
    LOSSES,
    METHODS,
    MOCO,
    OTHERS,
    PART_OF,
    PREDICTOR,
    SIMCLR,
    STOP,
    SUPERVISED,
    Plan,
    follow,
    learned,
    slow_copy,
)
from core.topics.self_supervised.live import EVERY, Lived, Moment, askew, beginning, by_pixels, trained, watched
from core.topics.self_supervised.losses import against_queue, nt_xent, unlike
from core.topics.self_supervised.networks import CLOTHES, EMBEDDING, FEATURES, Network
from core.topics.self_supervised.records import PIXELS, SEEDS, SHIPPED, UNTRAINED, curve, ends, reference
from core.topics.self_supervised.views import ALONE, NEIGHBOURS, OF_A_PICTURE

BOTH = (CROP, ROTATION)


def drawn_rows(seed: int, *shape: int) -> torch.Tensor:
    """Random numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@functools.cache
def ends_of(plan: Plan) -> tuple[Moment, Moment]:
    """The first and the last moment of a training on digits."""
    first, *_, last = watched(plan)
    return first, last


# The losses ----------------------------------------------------------------------------------------------------------


def test_simclrs_loss_is_cross_entropy_over_all_other_views(seeds):
    for seed in seeds:
        count, temperature = 3 + seed % 6, (0.05, 0.2, 1.0)[seed % 3]
        first, second = drawn_rows(seed, 2, count, 16).double()
        rows = functional.normalize(torch.cat([first, second]), dim=1)
        each = []
        for place in range(2 * count):
            others = [other for other in range(2 * count) if other != place]
            logits = torch.stack([rows[place] @ rows[other] for other in others]) / temperature
            target = torch.tensor([others.index((place + count) % (2 * count))])
            each.append(functional.cross_entropy(logits[None], target))
        assert float(nt_xent(first, second, temperature)) == pytest.approx(float(torch.stack(each).mean()), rel=1e-6)


def test_mocos_loss_is_cross_entropy_against_the_queue(seeds):
    for seed in seeds:
        query, key = drawn_rows(seed, 2, 5, 16).double()
        queue = drawn_rows(seed + 1, 40, 16).double()
        all_keys = [torch.cat([key[place : place + 1], queue]) for place in range(5)]
        logits = torch.stack([functional.cosine_similarity(query[at, None], all_keys[at]) for at in range(5)]) / 0.2
        truth = functional.cross_entropy(logits, torch.zeros(5, dtype=torch.long))
        assert float(against_queue(query, key, queue, 0.2)) == pytest.approx(float(truth), rel=1e-6)


def test_byols_loss_is_the_squared_distance_of_directions_and_0_where_all_is_alike(seeds):
    for seed in seeds:
        one, other = drawn_rows(seed, 2, 7, 16).double()
        rows = [functional.normalize(part, dim=1) for part in (one, other)]
        truth = (rows[0] - rows[1]).square().sum(dim=1).mean()
        assert float(unlike(one, other)) == pytest.approx(float(truth), rel=1e-6)
        assert 0 <= float(unlike(one, other)) <= 4
        assert float(unlike(one[:1].expand(7, -1), one[:1].expand(7, -1))) == pytest.approx(0, abs=1e-9)


def test_the_gradient_pushes_strangers_by_their_softmax(seeds):
    """What the page calls the push is the gradient of a row's loss with respect to its cosines."""
    for seed in seeds[:4]:
        batch, temperature, view = loss_view.measure(seed), (0.05, 0.2, 1.0)[seed % 3], seed % 12
        cosines = torch.tensor(batch.cosines[view], dtype=torch.float64, requires_grad=True)
        others = torch.arange(12) != view
        own = torch.log_softmax(torch.where(others, cosines / temperature, -torch.inf), dim=0)[batch.partner(view)]
        gradient = torch.autograd.grad(-own, cosines)[0].numpy()
        assert gradient[batch.partner(view)] <= 0
        gradient[[batch.partner(view), view]] = 0
        assert np.allclose(gradient / gradient.sum(), batch.push(view, temperature), atol=1e-5)
        rows = batch.shares(temperature)
        each = [-np.log(rows[place, batch.partner(place)]) for place in range(12)]
        assert np.mean(each) == pytest.approx(batch.loss(temperature), abs=1e-4)


def test_the_lower_the_temperature_the_more_the_nearest_stranger_counts(seeds):
    for seed in seeds[:4]:
        batch = loss_view.measure(seed)
        most = [batch.push(seed % 12, value).max() for value in sorted(loss_view.TEMPERATURE.options)]
        assert all(colder >= warmer - 1e-9 for colder, warmer in pairwise(most))


def test_labels_never_enter_the_loss(seed):
    """Shuffled labels or none: the three methods learn exactly the same; training with labels does not."""
    data, chance = askew(seed), torch.Generator().manual_seed(seed)
    shuffled = data.y[torch.randperm(len(data.y), generator=chance)]
    for method in (*METHODS, SUPERVISED):
        plan = Plan(method, BOTH, batch=32, steps=4, seed=seed)
        runs = []
        for labels in (data.y, shuffled):
            model = Network(seed=seed)
            runs.append([*learned(plan, model, data.x, labels), *model.encoder[1].weight.flatten().tolist()])
        assert (runs[0] == runs[1]) == (method in METHODS)
    for loss in (nt_xent, against_queue, unlike):
        assert not {"y", "labels", "target_labels"} & set(inspect.signature(loss).parameters)


# The methods ---------------------------------------------------------------------------------------------------------


def test_the_slow_copy_follows_and_gets_no_gradient(seeds):
    for seed in seeds[:3]:
        model, other = Network(seed=seed), Network(seed=seed + 1)
        slow = slow_copy(model)
        assert not any(weight.requires_grad for weight in slow.parameters())
        before = [weight.clone() for weight in slow.parameters()]
        follow(slow, other, 0.9)
        for old, now, new in zip(before, slow.parameters(), other.parameters(), strict=True):
            assert torch.allclose(now, 0.9 * old + 0.1 * new, atol=1e-6)


def test_the_queue_holds_the_keys_of_the_last_batches(seed):
    from core.topics.self_supervised.learning import Scene, moco

    model = Network(seed=seed)
    plan = Plan(MOCO, BOTH, queue=20, batch=8)
    scene = Scene(model, slow_copy(model), (torch.zeros(0), torch.zeros(0)), drawn_rows(seed, 20, EMBEDDING))
    for step in range(3):
        x = askew(seed).x[8 * step : 8 * step + 8]
        scene.views = (x, x)
        before = scene.queue
        moco(scene, plan)
        key = scene.slow.embedded(x)
        assert torch.allclose(scene.queue[:8], key, atol=1e-5) and torch.equal(scene.queue[8:], before[:12])


def test_a_network_makes_features_and_embeddings():
    for side in (8, CLOTHES):
        model, x = Network(side), torch.rand(5, 1, side, side)
        assert model.encoder(x).shape == (5, FEATURES) and model.embedded(x).shape == (5, EMBEDDING)
    assert set(LOSSES) == {*METHODS, SUPERVISED} and set(PART_OF.values()) == set(METHODS)


def test_augmentations_do_what_they_are_called(seeds):
    for seed in seeds[:4]:
        x = 0.25 + 0.5 * torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(seed))
        made = {kind: view_of(x, (kind,), torch.Generator().manual_seed(seed)) for kind in KINDS}
        assert torch.allclose(view_of(x, (), torch.Generator().manual_seed(seed)), x, atol=1e-5)
        for row, view in zip(x, made[FLIP], strict=True):
            assert torch.allclose(view, row, atol=1e-4) or torch.allclose(view, row.flip(2), atol=1e-4)
        ratio = (made[BRIGHTNESS] / x)[made[BRIGHTNESS] < 0.999].view(-1)
        assert float(ratio.min()) >= 0.5 - 1e-3 and float(ratio.max()) <= 1.5 + 1e-3
        black = (made[ERASE] == 0).sum(dim=(1, 2, 3)).float() / 28**2
        assert ((black > 0.11) & (black < 0.21)).all(), "40 % of the side are 16 % of the picture"
        assert made[NOISE].sub(x).std() == pytest.approx(0.15, abs=0.03)
        assert all(view.shape == x.shape and view.min() >= 0 and view.max() <= 1 for view in made.values())


def test_measures_of_collapse_know_their_ends(seeds):
    for seed in seeds[:4]:
        rows = drawn_rows(seed, 2000, 32)
        assert spread(rows) == pytest.approx(1, abs=0.02) and effective_rank(rows) > 30
        assert spread(rows[:1].expand(50, -1)) == pytest.approx(0, abs=1e-3)
        flat = rows[:, :3] @ drawn_rows(seed + 1, 3, 32)
        assert 1 < effective_rank(flat) < 4.01


def test_the_nearest_labelled_is_what_scikit_learn_says(seeds):
    from sklearn.neighbors import KNeighborsClassifier

    for seed in seeds[:3]:
        data = digits(seed=seed, held_out=0.25)
        rows, tests = data.x.flatten(1), data.x_test.flatten(1)
        shares = []
        for at in range(0, len(rows) // 50 * 50, 50):
            judge = KNeighborsClassifier(1, metric="cosine").fit(rows[at : at + 50], data.y[at : at + 50])
            shares.append(judge.score(tests, data.y_test))
        assert nearest_labelled(rows, data.y, tests, data.y_test, 50) == pytest.approx(np.mean(shares), abs=2e-3)


# Live on digits, fresh seeds -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_without_labels_features_get_better_than_random_ones_and_than_pixels_but_not_than_with_labels(method, seeds):
    for seed in seeds[:2]:
        first, last = ends_of(Plan(method, BOTH, seed=seed))
        taught = ends_of(Plan(SUPERVISED, BOTH, seed=seed))[1]
        assert last.nearest > first.nearest + 0.06 and last.spread > 0.6
        assert last.nearest > by_pixels(seed) - 0.01 and taught.nearest > last.nearest + 0.05


def test_random_features_are_worth_less_than_pixels(seeds):
    for seed in seeds[:4]:
        first = next(iter(watched(Plan(SIMCLR, BOTH, steps=EVERY, seed=seed))))
        assert 0.2 < first.nearest < by_pixels(seed)


@pytest.mark.parametrize("part", PART_OF)
def test_what_is_taken_away_collapses_the_method(part, seeds):
    """The loss nears 0, the alarm goes off, the features get worse than the whole method's; the predictor of BYOL
    among them."""
    for seed in seeds[:2]:
        plan = Plan(PART_OF[part], BOTH, seed=seed)
        robbed, whole = ends_of(replace(plan, missing=part))[1], ends_of(plan)[1]
        assert robbed.spread < COLLAPSED < 0.6 < whole.spread
        assert robbed.loss < 0.03 and robbed.nearest < whole.nearest - 0.03


def test_byol_collapses_here_without_batch_norm_and_the_contrastive_methods_do_not(seeds):
    for seed in seeds[:2]:
        others = [ends_of(Plan(name, BOTH, batch_norm=False, seed=seed))[1] for name in (SIMCLR, MOCO)]
        first, *moments = watched(Plan(BYOL, BOTH, batch_norm=False, seed=seed))
        assert min(each.spread for each in moments) < COLLAPSED < 0.6 < min(each.spread for each in others)
        assert moments[-1].nearest < first.nearest + 0.02, "and it does not recover"


def test_without_augmentations_next_to_nothing_useful_is_learned(seeds):
    """With them every method gains at least ten points (above); the loss falls all the same."""
    for seed in seeds[:2]:
        first, last = ends_of(Plan(SIMCLR, (), seed=seed))
        assert last.nearest < first.nearest + 0.07 and last.loss < 2 and last.spread > 0.9


def test_a_job_trains_what_was_planned_and_its_alarm_says_when(seed):
    robbery = collapse_view.measure(next(iter(collapse_view.NAMES)), True, 300, seed)
    work = trained(robbery.plans)
    said = []
    while True:
        try:
            said.append(next(work))
        except StopIteration as end:
            lived: Lived = end.value
            break
    assert said[-1][0] == 1 and all(0 <= share <= 1 for share, _ in said)
    step = lived.alarm(robbery.robbed)
    assert lived.alarm(BYOL) is None and step is not None and "Alarm" in lived.rings(robbery.robbed)
    at = lived.steps.index(step)
    assert (lived.curve(robbery.robbed, "spread")[at:] < COLLAPSED).all()
    assert at == 0 or lived.curve(robbery.robbed, "spread")[at - 1] >= COLLAPSED
    assert not collapse_view.goal(lived).passed and collapse_view.drawn_pair(lived).pictures
    assert lived.curve(BYOL, "loss")[1:].min() > 0


def test_programs_repeat_the_first_steps_of_every_method(seed):
    """Each way through the loss is written out: the statements hold what the plan says."""
    for part in ("", *PART_OF):
        plan = Plan(PART_OF.get(part, SIMCLR), BOTH, missing=part, seed=seed)
        text = collapse_view.on_digits(plan, len(askew(seed).x), list(beginning(plan))).text
        assert ("follow(slow" in text) == (plan.method != SIMCLR) and text.count("loss = ") == 1


# The record on clothes -----------------------------------------------------------------------------------------------


def test_the_shipped_networks_are_what_card_and_record_say():
    card = (records.FOLDER / "card.md").read_text(encoding="utf-8")
    for name in SHIPPED:
        path = records.FOLDER / f"{records.FILES[name]}.safetensors"
        assert path.name in card and f"{curve(name, 'nearest')[0, -1]:.1%}" in card and path.stat().st_size < 150_000
    for name in (*SHIPPED, UNTRAINED, PIXELS):
        assert records.RECORD.contents["sheet"][name] == pytest.approx(records.on_the_sheet(name), abs=1e-4)


def test_trained_without_labels_beats_untrained_and_labels_beat_that():
    for what in ("nearest", "linear"):
        random, taught = reference(UNTRAINED, what), ends(SUPERVISED, what)
        for method in METHODS:
            assert ends(method, what).mean() > random.mean() and (ends(method, what) < taught).all()
            assert (ends(method, what) > random).all() or (method, what) == (BYOL, "nearest")
    assert (ends(SIMCLR, "nearest") > reference(PIXELS, "nearest")[0]).all()
    few, many = (records.by_labels(SIMCLR)[:, place] - records.by_labels(PIXELS)[0, place] for place in (0, 3))
    assert (few > 0).all() and (many < 0).all(), "pixels catch up"


@pytest.mark.parametrize("part", PART_OF)
def test_on_clothes_too_what_is_taken_away_collapses_the_method(part):
    robbed, whole = (curve(name, "spread")[:, -1] for name in (f"without {part}", PART_OF[part]))
    assert (robbed < COLLAPSED).all() and (whole > 0.6).all()
    assert (ends(f"without {part}", "loss") < 0.05).all()
    assert (ends(f"without {part}", "nearest") < ends(PART_OF[part], "nearest")).all()


def test_without_augmentations_clothes_are_told_apart_worse_than_before_training():
    assert (ends("none", "nearest") < reference(UNTRAINED, "nearest")).all()
    assert all(ends(kind, "nearest").mean() > ends("none", "nearest").mean() for kind in KINDS)
    assert ends("all", "nearest").mean() > reference(UNTRAINED, "nearest").mean()
    assert augment_view.missed_most() == BRIGHTNESS


# The page ------------------------------------------------------------------------------------------------------------


def test_neighbours_are_the_nearest_and_never_the_picture_itself(seed):
    x, _ = sheet()
    own = shipped(NAMES[seed % 10])
    for space in (SIMCLR, UNTRAINED):
        found = neighbours_view.near(own, space)
        assert all((x[place] - found.x).abs().max() > 1e-3 for place in (*found.learned, *found.pixels))
        rows = functional.cosine_similarity(x.flatten(1), found.x.flatten(1))
        rows[rows > 0.99999] = -1
        assert rows[list(found.pixels)].min() >= rows.sort(descending=True).values[neighbours_view.COUNT - 1] - 1e-6
        assert found.shared == len(set(found.learned) & set(found.pixels))
        assert ("trained on views" in neighbours_view.question(found).because) == (space == SIMCLR)


def test_nothing_drawn_gets_a_sentence_and_a_shipped_picture_stands_in():
    for nothing in (drawn(None), drawn("nonsense"), uploaded(None), uploaded(b"PK\x03\x04")):
        assert nothing.sentence and neighbours_view.near(nothing, SIMCLR).own.name == shipped(NAMES[0]).name


def test_challenges_are_not_met_at_first_and_can_be_met(seeds):
    race = race_view.measure(0)
    assert sum(race_view.goal(race, "linear classifier", count).passed for count in records.LABELS) == 1
    for seed in seeds[:2]:
        batch = loss_view.measure(seed)
        lowest = min(loss_view.TEMPERATURE.options)
        assert any(loss_view.goal(batch, lowest, view).passed for view in range(1, 13))
        assert not any("-0.000" in loss_view.draw(batch, lowest, view).note for view in range(1, 13))
        seen = [augment_view.measure((kind,), NAMES[0], seed) for kind in KINDS]
        assert sum(augment_view.goal(each).passed for each in seen) == 1
        moments = tuple(watched(Plan(BYOL, BOTH, batch_norm=False, steps=100, seed=seed)))
        assert collapse_view.goal(Lived({BYOL: moments}, {}, Measured((seed,), 0.0))).passed
    spaces = neighbours_view.SPACE.options
    assert min(neighbours_view.near(shipped(name), space).shared for name in NAMES for space in spaces) == 0
    for name, view in {**ALONE, NEIGHBOURS: OF_A_PICTURE}.items():
        subject = (shipped(NAMES[0]),) if name == NEIGHBOURS else ()
        found = view.measure(*subject, **defaults(view.controls), seed=0)
        assert not view.goal or not view.goal(found, **defaults(view.looks(found))).passed, name
    tried = [ends_of(Plan(SIMCLR, kinds, steps=600, seed=seeds[0])) for kinds in (BOTH, (*BOTH, BRIGHTNESS))]
    lived = [Lived({SIMCLR: moments}, {}, Measured((seeds[0],), 0.0)) for moments in tried]
    assert any(live_view.goal(each).passed for each in lived)
    assert not live_view.goal(None).passed and not collapse_view.goal(None).passed


def test_classes_are_shipped_class_by_class():
    x, y = sheet()
    assert len(x) == 300 and len(CLASSES) == 10 and (y == torch.arange(10).repeat_interleave(30)).all()
    assert len(SEEDS) == 3 and len(list(islice(watched(Plan(SIMCLR, (), steps=EVERY)), 3))) == 2


def test_the_stop_gradient_is_what_the_slow_copy_is_for(seed):
    """With its target changed at every step by the same gradient, BYOL moves the target's weights too."""
    model, data = Network(seed=seed), askew(seed)
    both = torch.cat([data.x[:16], data.x[16:32]])
    for missing, moves in ((STOP, True), ("", False)):
        slow = slow_copy(model)
        target = (model if missing else slow).embedded(both)
        assert target.requires_grad == moves
    assert PART_OF[PREDICTOR] == PART_OF[STOP] == BYOL and PART_OF[OTHERS] == SIMCLR
