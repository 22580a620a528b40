"""What the page “Data loaders” states."""

import json

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from core.data.photos import PHOTOGRAPHS, shipped
from core.jobs.apart import apart
from core.lessons.record import finished
from core.topics.dataloaders import orders, rare, stacked, timeline_view, traps
from core.topics.dataloaders.loading import BATCHES, MAIN, Plan, as_argument, watched
from core.topics.dataloaders.order_view import LITTLE
from core.topics.dataloaders.order_view import goal as order_goal
from core.topics.dataloaders.order_view import question as order_question
from core.topics.dataloaders.rare_view import goal as rare_goal
from core.topics.dataloaders.timeline import Pair, measured, plans, recorded
from core.topics.dataloaders.timeline_view import gantt, goal
from core.topics.dataloaders.transforms import BLUR, FLIP, LIGHT, NAMES, ROTATE, composed, varied
from core.topics.dataloaders.transforms_view import goal as gentle
from core.topics.dataloaders.traps_view import real

# Timeline ------------------------------------------------------------------------------------------------------------


def test_without_workers_one_process_loads_and_trains_in_turn():
    seen = watched(Plan(0, 1, 4, 4))
    assert [worker for worker, *_ in seen["loads"]] == [MAIN] * BATCHES
    moments = [moment for step, load in zip(seen["steps"], seen["loads"], strict=True)
               for moment in (step[0], load[1], load[2], *step[1:])]  # fmt: skip
    assert moments == sorted(moments), "each batch is loaded while the training waits for it"


def test_two_workers_load_in_turn_while_the_network_trains_and_none_survives():
    found = finished(measured(Plan(2, 2, 4, 4)))
    assert found.owners == [0, 1] * (BATCHES // 2)
    for (_, _, ready), (_, received, trained) in zip(found.loads, found.steps, strict=True):
        assert ready <= received <= trained
    assert 0 <= found.waiting <= 1 and found.throughput > 0 and len(gantt(found).traces) == 3
    assert "cores" in found.provenance
    assert "Measured live" in Pair(found, found).provenance and "Recorded" in recorded(plans()[0]).provenance


def test_a_measurement_that_is_stopped_leaves_no_process(monkeypatch):
    started = []
    import core.jobs.apart as room

    start = room.subprocess.Popen
    monkeypatch.setattr(room.subprocess, "Popen", lambda *a, **k: started.append(start(*a, **k)) or started[-1])
    work = apart("core.topics.dataloaders.loading", as_argument(Plan(1, 1, 4, 4)), "loading")
    next(work)
    work.close()
    assert started[0].returncode is not None, "it was ended and waited for"


def test_a_process_that_fails_says_so_in_one_sentence():
    with pytest.raises(ValueError, match=r"ended early: ValueError: Between 0 and 4 workers can be started\."):
        plan = json.dumps({"workers": 99, "prefetch": 1, "batch_size": 4, "channels": 4})
        finished(apart("core.topics.dataloaders.loading", plan, ""))


@pytest.mark.parametrize("plan", plans(), ids=str)
def test_records_are_what_a_loader_can_do(plan):
    found = recorded(plan)
    owners = [place % plan.workers for place in range(BATCHES)] if plan.workers else [MAIN] * BATCHES
    assert found.owners == owners, "batches go around the workers"
    assert (np.diff(found.steps, axis=1) >= 0).all() and (np.diff(found.steps[:, 0]) > 0).all()
    for batch, (worker, begin, end) in enumerate(found.loads):
        assert begin < end <= found.steps[batch, 1] + 1e-3
        ahead = plan.workers * plan.prefetch  # batches asked for before the first is received
        if plan.workers and batch >= ahead:
            assert begin >= found.steps[batch - ahead, 0] - 1e-3, "nothing is loaded further ahead than prefetch allows"
        assert worker < max(plan.workers, 1)


def test_the_challenge_is_not_met_without_workers_but_by_some_record():
    reached = {plan: goal(recorded(plan)).passed for plan in plans()}
    assert not any(passed for plan, passed in reached.items() if not plan.workers)
    assert any(reached.values())


# Order and rare class ------------------------------------------------------------------------------------------------


def test_many_trainings_at_once_are_what_a_loader_and_an_optimizer_do(seed):
    draw = torch.Generator().manual_seed(seed)
    x, y = torch.randn(50, 3, generator=draw).double(), torch.randint(0, 3, (50,), generator=draw)
    order = torch.stack([torch.randperm(50, generator=draw) for _ in range(2)])
    weights = torch.rand(3, generator=draw).double() + 0.1
    stack = stacked.Stack(x[None], y[None], order[None], weights[None], (seed,))
    found = stacked.trained(stack, x[None], 16, 0.1)[-1, 0]
    model = stacked.network(3, 3, seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in order:
        for inputs, labels in DataLoader(TensorDataset(x, y), 16, sampler=epoch.tolist()):
            optimizer.zero_grad()
            functional.cross_entropy(model(inputs), labels, weights).backward()
            optimizer.step()
    assert np.allclose(found, model(x).detach().numpy(), atol=1e-10)


def test_sorting_costs_accuracy_and_the_last_classes_are_answered_most(seeds):
    for seed in seeds[:4]:
        race = orders.race(32, 0.1, seed)
        assert race.gap > 0.2
        assert race.answers[orders.SORTED][:, 5:].sum(axis=1).mean() > 0.5
        assert not order_goal(race).passed


def test_in_a_batch_of_all_samples_the_order_does_not_matter(seeds):
    race = orders.race(orders.SAMPLES, 2.0, seeds[0])
    last = [values[:, -1] for values in race.losses.values()]
    assert np.allclose(last[0], last[1]) and np.allclose(last[0], last[2])
    assert any(order_goal(orders.race(orders.SAMPLES, rate, seeds[0])).passed for rate in (0.5, 2.0))


def test_each_order_has_the_reason_of_its_batches(seed):
    whole, small, wild = (orders.race(size, rate, seed) for size, rate in ((orders.SAMPLES, 0.5), (32, 0.1), (16, 2.0)))
    for race in (whole, small, wild):
        because = order_question(race).because
        assert ("holds all samples" in because) == (race is whole)
        assert ("nothing to lose" in because) == (race is wild)
        assert ("what came last is remembered" in because) == (race is small) == (race.gap >= LITTLE)
    assert wild.accuracies[orders.ALWAYS][:, -1].mean() < 0.2, "it has not learned"


def test_a_weighted_sampler_finds_more_of_the_rare_and_calls_more_rare_that_is_not(seeds):
    for seed in seeds[:4]:
        found = rare.rarity(0.05, 0.5, 0.8, seed)
        plain, drawn = (found.last(found.recalls, way) for way in (rare.PLAIN, rare.SAMPLER))
        assert drawn > plain + 0.1
        assert found.last(found.precisions, rare.SAMPLER) < found.last(found.precisions, rare.PLAIN)
        assert found.last(found.accuracies, rare.PLAIN) > found.last(found.accuracies, rare.SAMPLER)
        assert not rare_goal(found).passed


def test_the_sampler_draws_the_share_it_is_asked_for(seeds):
    _, y = rare.clouds(600, 0.05, 0.8, seeds[0])
    for share in (0.1, 0.5, 0.9):
        chances = rare.chances(y, share)
        assert chances.sum() == pytest.approx(1) and chances[y == 1].sum() == pytest.approx(share)
        drawn = y[rare.order(rare.SAMPLER, y, share, seeds[1])].double().mean().item()
        assert drawn == pytest.approx(share, abs=4 * (share * (1 - share) / (600 * rare.EPOCHS)) ** 0.5)


def test_recall_and_precision_are_scikit_learns(seed):
    from sklearn.metrics import precision_score, recall_score

    draw = np.random.default_rng(seed)
    said, truth = torch.tensor(draw.random((1, 2, 80)) < 0.3), torch.tensor(draw.random((2, 80)) < 0.2)
    recall, precision, accuracy = rare.scores(said, truth)
    for member in range(2):
        pair = truth[member], said[0, member]
        assert recall[member, 0] == pytest.approx(recall_score(*pair))
        assert precision[member, 0] == pytest.approx(precision_score(*pair, zero_division=0))
        assert accuracy[member, 0] == pytest.approx((pair[0] == pair[1]).double().mean().item())


def test_the_rare_challenge_can_be_met(seeds):
    assert any(rare_goal(rare.rarity(0.05, share, 0.6, seeds[0])).passed for share in (0.1, 0.2, 0.3))


# Transforms ----------------------------------------------------------------------------------------------------------


def test_a_flip_leaves_half_of_the_pictures_alone_and_a_turn_few(seeds):
    for seed in seeds[:3]:
        photo = shipped(PHOTOGRAPHS[seed % len(PHOTOGRAPHS)])
        assert 0.3 < varied(photo, (FLIP,), 0.3, seed).untouched < 0.7
        for name in (ROTATE, LIGHT, BLUR):
            assert varied(photo, (name,), 0.3, seed).untouched <= 0.15
        assert varied(photo, (), 0.3, seed).untouched == 1


def test_the_text_of_a_pipeline_is_the_pipeline(seed):
    from torchvision.transforms import v2

    for strength in (0.0, 0.3, 1.0):
        text = composed(NAMES, strength)
        assert text.count("v2.") == len(NAMES) + 1
        assert all(hasattr(v2, line.strip()[3:].partition("(")[0]) for line in text.splitlines()[1:-1])


def test_transforms_leave_the_global_random_numbers_alone(seed):
    torch.manual_seed(seed)
    wanted = torch.rand(3)
    torch.manual_seed(seed)
    varied(shipped("cat"), NAMES, 0.5, seed)
    assert torch.equal(torch.rand(3), wanted)


def test_the_gentle_challenge_can_be_met(seeds):
    assert any(gentle(varied(shipped("cat"), names, strength, seeds[0])).passed
               for names in ((LIGHT,), (BLUR,)) for strength in (0.05, 0.1))  # fmt: skip


# Traps ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trap", "samples", "outcome"),
    [(traps.NUMBERS, 100, traps.SILENT), (traps.LAMBDA, 100, traps.ERROR), (traps.ORDER, 100, traps.SILENT),
     (traps.LAST, 97, traps.ERROR), (traps.LAST, 100, traps.FINE)],
)  # fmt: skip
def test_traps_are_sprung_and_mended(trap, samples, outcome, seeds):
    for seed in seeds[:5]:
        assert traps.sprung(trap, False, samples, seed).outcome == outcome
        assert traps.sprung(trap, True, samples, seed).outcome == traps.FINE


@pytest.mark.parametrize(("trap", "samples"), [(traps.NUMBERS, 96), (traps.LAMBDA, 96)])
def test_real_workers_walk_into_the_same_trap(trap, samples, seed):
    here, there = traps.sprung(trap, False, samples, seed), finished(real(trap, False, samples, seed))
    assert there.outcome == here.outcome
    if here.numbers is not None:
        assert np.allclose(there.numbers, here.numbers), "each worker draws what its copy of the dataset would"


@pytest.mark.long
@pytest.mark.parametrize("trap", traps.TRAPS)
@pytest.mark.parametrize("is_mended", [False, True])
def test_real_workers_agree_about_every_trap_and_its_cure(trap, is_mended, seed):
    here, there = (make(trap, is_mended, 97, seed) for make in (traps.sprung, lambda *all: finished(real(*all))))
    assert there.outcome == here.outcome and there.sizes == here.sizes


def test_batch_normalisation_refuses_one_sample_only_in_training():
    layer = nn.BatchNorm1d(3)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        layer(torch.zeros(1, 3))
    assert layer.eval()(torch.zeros(1, 3)).shape == (1, 3)


def test_numpys_global_numbers_are_seeded_for_each_worker_by_torch(seed):
    """Why the trap is a generator of the dataset's own and no longer ``numpy.random`` itself."""
    from torch.utils.data._utils.worker import _generate_state

    assert _generate_state(seed, 0) != _generate_state(seed, 1)


def test_one_worker_is_no_plural_and_none_is_said_so():
    for found in map(recorded, plans()):
        count = found.plan.workers
        who = f"With {count} worker{'s' * (count != 1)}:" if count else "Without workers:"
        assert timeline_view.question(found).text.startswith(who)
        assert ("no workers, the training process loads" in gantt(found).alt) == (count == 0)
        note = timeline_view.draw(found).note
        assert ("Starting the workers" in note, "from the second batch" in note) == (count > 0, count > 0)
