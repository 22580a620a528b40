"""What the page “GANs” states."""

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from core.adversarial_losses import LOSSES
from core.data import silhouettes
from core.data.targets import gaussian_ring, silhouette
from core.probes.adversarial import fields, noise_of, pulls, reach, samples
from core.probes.coverage import centres_of, coverage, modes_covered, sliced_wasserstein
from core.topics.gans.numbers import GRID, HAND, OWN, TARGETS, Setting, fork, play, several, stepped
from core.topics.gans.numbers import LOSSES as NAMES
from core.topics.gans.views import CLOSE, VIEWS, hand_of, hand_view, setting_of, whole_grid
from core.training.adversarial import GanRecipe, train_gan


@pytest.fixture(scope="module")
def game():
    """One run for the tests that only look at it; its seeds are drawn in the tests of the claims."""
    return play(Setting(), 0)


def test_covered_modes_are_counted_right(seeds):
    """Samples put into some modes by hand: so many are counted, whatever lies elsewhere."""
    for seed in seeds[:10]:
        draw, data = np.random.default_rng(seed), gaussian_ring(seed=seed)
        centres, deviation = centres_of(data)
        assert deviation == pytest.approx(0.06, rel=0.1)
        chosen = draw.permutation(8)[: draw.integers(0, 9)]
        near = [centres[mode] + 0.5 * deviation * torch.randn(50, 2) for mode in chosen.tolist()]
        between = 0.5 * torch.randn(400 - 50 * len(chosen), 2).clamp(-1, 1)
        assert modes_covered(torch.cat([*near, between]), data) == len(chosen)
        few = centres[:1] + 0.1 * deviation * torch.randn(10, 2)
        assert modes_covered(torch.cat([few, torch.zeros(990, 2)]), data) == 0, "a few strays cover nothing"


def test_coverage_is_the_share_of_real_points_with_a_sample_near(seed):
    draw = torch.Generator().manual_seed(seed)
    real, made = torch.randn(60, 2, generator=draw), 0.7 * torch.randn(40, 2, generator=draw)
    distances = np.linalg.norm(real.numpy()[:, None] - real.numpy()[None], axis=-1)
    radius = np.sort(distances, axis=1)[:, 5]
    nearest = np.linalg.norm(real.numpy()[:, None] - made.numpy()[None], axis=-1).min(axis=1)
    assert coverage(made, real).item() == pytest.approx((nearest <= radius).mean())
    assert coverage(real, real) == 1
    assert coverage(real[:1] + 100, real) == 0


def test_the_distance_is_the_mean_of_scipys_over_directions(seed):
    draw = torch.Generator().manual_seed(seed)
    one, other = torch.randn(100, 2, generator=draw), torch.rand(100, 2, generator=draw)
    turns = np.arange(32) * np.pi / 32
    expected = [
        wasserstein_distance(*(cloud.numpy() @ [np.cos(turn), np.sin(turn)] for cloud in (one, other)))
        for turn in turns
    ]
    assert sliced_wasserstein(one, other).item() == pytest.approx(np.mean(expected), rel=1e-4)
    assert sliced_wasserstein(one, one[torch.randperm(100)]) == 0


@pytest.mark.parametrize("target", TARGETS)
def test_the_distance_to_the_target_falls(target, seeds):
    for seed in seeds[:8]:
        distance = play(Setting(target), seed).reach.distance
        assert min(distance[-5:]) < 0.7 * distance[0]


@pytest.mark.parametrize("loss", NAMES)
def test_the_distance_falls_with_every_loss(loss, seeds):
    games = several(Setting(loss=loss), tuple(seeds[:6])).games
    assert np.mean([game.reach.distance[-1] for game in games]) < 0.6 * np.mean(
        [game.reach.distance[0] for game in games]
    )


def test_all_of_the_grid_can_be_covered_and_the_challenge_be_passed(seeds):
    setting = Setting(GRID, bound="R1", discriminator_rate=0.003)
    passed = [whole_grid(play(setting, seed)).passed for seed in seeds[:10]]
    assert sum(passed) >= 4, passed


@pytest.mark.parametrize("steps", [(1, 1), (5, 1), (2, 3)])
def test_whichever_side_has_more_steps_a_game_has_as_many_updates(steps):
    setting = Setting(discriminator_steps=steps[0], generator_steps=steps[1], updates=1000)
    last = play(setting, 0).run.last
    assert 1000 - sum(steps) < sum(last.ages) <= 1000 and last.ages[1] * steps[1] == last.ages[0] * steps[0]


def test_the_first_view_does_not_pass(seeds):
    for seed in seeds[:3]:
        assert not whole_grid(play(Setting(), seed)).passed
    plain = [whole_grid(play(Setting(GRID), seed)).passed for seed in seeds[:10]]
    assert sum(plain) <= 5, "without a change it takes luck"
    assert CLOSE < 0.2


def test_the_arrows_are_the_slope_of_the_generators_loss(game):
    made = samples(game.run, noise_of(game.run, 10))
    found = pulls(game.run, made)
    for place in (0, 7, -1):
        network, x = game.run.at(game.run.history[place].number).discriminator, made[place].clone().requires_grad_()
        loss = LOSSES[game.run.recipe.loss][1](network(x)[:, 0]) * len(x)
        assert torch.allclose(found[place], -torch.autograd.grad(loss, x)[0], atol=1e-5)


@pytest.mark.parametrize("bound", ["none", "spectral norm"])
def test_pictures_show_the_recorded_networks(bound, seed):
    run = play(Setting(bound=bound, updates=1000), seed).run
    line = torch.linspace(-2, 2, 9)
    up, across = torch.meshgrid(line, line, indexing="ij")
    plane = torch.stack([across.flatten(), up.flatten()], dim=1)
    with torch.no_grad():
        for place in (0, 20, 40):
            model = run.at(run.history[place].number)
            assert torch.allclose(fields(run, 2, 9)[place].flatten(), model.discriminator(plane)[:, 0], atol=1e-4)
            assert torch.allclose(samples(run, noise_of(run, 5))[place], model.generator(noise_of(run, 5)), atol=1e-5)


def test_steps_by_hand_move_one_side_and_it_gains(seeds):
    """The discriminator alone gets surer: its loss falls. The generator alone raises the answers to its samples, but
    for a run whose thirty steps lead beyond."""
    raised = []
    for seed in seeds[:5]:
        run = play(Setting(), seed).run
        start = run.recorded(600)
        alone = stepped(run, 600, "DDD")
        assert all(torch.equal(moment.generator, start.generator) for moment in alone.history)
        noise, real = noise_of(run, 400), run.data.x[:400]
        first, last = (at_moment(alone, place) for place in (0, -1))
        losses = [
            LOSSES["non-saturating"][0](m.discriminator(real), m.discriminator(m.generator(noise)))
            for m in (first, last)
        ]
        assert losses[1] < losses[0]
        alone = stepped(run, 600, "GGG")
        assert all(torch.equal(moment.discriminator, start.discriminator) for moment in alone.history)
        assert alone.last.ages[0] == start.ages[0] + 3 * HAND
        first, last = (at_moment(alone, place) for place in (0, -1))
        answers = [moment.discriminator(moment.generator(noise)).mean().item() for moment in (first, last)]
        raised.append(answers[1] > answers[0])
    assert sum(raised) >= 4


def at_moment(run, place):
    from core.training.adversarial.loop import at

    return at(run.model, run.history[place])


def test_a_fork_without_a_change_is_the_same_future(seed):
    setting = Setting(updates=2000)
    found = fork(setting, 0.3, setting, seed)
    assert torch.equal(found.run.run.last.generator, found.fork.run.last.generator)
    assert [m.number for m in found.fork.run.history] == [
        m.number for m in found.run.run.history if m.number >= found.number
    ]
    changed = fork(setting, 0.3, Setting(updates=2000, loss="hinge"), seed)
    assert not torch.equal(changed.fork.run.last.generator, found.run.run.last.generator)


def test_a_perfect_generator_is_as_near_as_the_training_points(game):
    assert 0 < game.reach.best < 0.05
    assert reach(game.run).distance == game.reach.distance


def test_what_is_typed_as_steps_may_be_anything():
    assert hand_of("dD gx<script>G") == "DDGG"
    assert hand_of("") == ""


def test_a_silhouette_is_filled_and_nothing_else(seed):
    for name, picture in silhouettes.examples().items():
        found = silhouettes.drawn(picture)
        assert found.cells, name
        bits = np.array([int(bit) for bit in f"{int(found.cells, 16):01024b}"]).reshape(32, 32)
        x = silhouette(found.cells, seed=seed).x.numpy()
        columns, rows = ((x[:, 0] + 2) * 8).astype(int), (32 - (x[:, 1] + 2) * 8).astype(int)
        assert bits[rows.clip(0, 31), columns.clip(0, 31)].mean() > 0.999
        assert 100 < bits.sum() < 900
        game = play(Setting(OWN, cells=found.cells), seed)
        assert min(game.reach.distance[-5:]) < game.reach.distance[0]


@pytest.mark.parametrize("sent", [None, "", 3, "x", "data:image/png;base64,!!!", "data:image/png;base64,AAAA"])
def test_what_is_no_drawing_gets_a_sentence(sent):
    found = silhouettes.drawn(sent)
    assert found.cells == "" and found.sentence.endswith(".")
    assert silhouettes.uploaded(b"not a picture").cells == ""


def test_all_views_can_be_drawn():
    from core.lessons.controls import defaults

    shown = {
        name: view.draw(view.measure(Setting(updates=1000), **defaults(view.controls), seed=0))
        for name, view in VIEWS.items()
    }
    shown["hand"] = hand_view(stepped(play(Setting(updates=1000), 0).run, 100, "DG"), "DG")
    for view in shown.values():
        for picture in (picture for row in view.pictures for picture in row):
            picture.plotly()
            assert len(picture.alt) > 40 and "nan" not in picture.alt
    assert [len(picture.frames) for picture in shown["hand"].pictures[0]] == [3, 3]
    assert setting_of({"target": GRID, "bound_on_the_slope": "R1", "units_per_layer": 8}) == Setting(
        GRID, bound="R1", units=8
    )


def test_a_game_that_breaks_is_still_measured(seed):
    recipe = GanRecipe(rounds=300, loss="least squares", optimizer="SGD", generator_rate=1e4, discriminator_rate=1e4)
    run = train_gan(Setting().model(seed), gaussian_ring(seed=seed), recipe)
    assert np.isfinite(reach(run).distance).all()
