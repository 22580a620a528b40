"""What the page “Self-supervised learning” says of pixels, neighbours and collapse fits what was measured."""

from dataclasses import replace

from core.data.clothes import NAMES, shipped
from core.lessons.controls import defaults
from core.provenance import Measured
from core.topics.self_supervised import live_view, neighbours_view, race_view, records
from core.topics.self_supervised.judged import COLLAPSED
from core.topics.self_supervised.learning import SIMCLR, SUPERVISED
from core.topics.self_supervised.live import Lived, by_pixels
from core.topics.self_supervised.records import PIXELS, UNTRAINED, by_labels


def test_random_features_lose_some_of_the_pixels_words_only_where_they_do(seeds):
    for seed in seeds[:2]:
        start = live_view.measure(**defaults(live_view.VIEW.controls), seed=seed)
        for pixels in (start.pixels, 0.0, 1.0):
            asked = live_view.question(replace(start, pixels=pixels))
            assert (
                ("lose some" in asked.because) == (start.before.nearest < pixels) == ("keep most" not in asked.because)
            )


def test_points_ahead_and_behind_are_those_of_the_scores(seed):
    start = live_view.measure(**defaults(live_view.VIEW.controls), seed=seed)
    for gain in (0.15, 0.012, -0.034):
        moments = (start.before, replace(start.before, nearest=by_pixels(seed) + gain))
        goal = live_view.goal(Lived({SIMCLR: moments}, {}, Measured((seed,), 0.0)))
        assert f"{100 * abs(gain):.1f} points {'more' if gain > 0 else 'fewer'} with" in goal.now
        assert goal.passed == (gain >= live_view.AHEAD)
    for count in records.LABELS:
        place = records.LABELS.index(count)
        gap = 100 * (by_labels(PIXELS) - by_labels(SIMCLR))[:, place].mean()
        side = "ahead" if gap >= 0 else "behind"
        assert f"pixels are {abs(gap):.1f} points {side}." in race_view.goal(race_view.measure(0), "", count).now


def test_an_alarm_rings_only_after_a_collapse_and_one_direction_is_no_plural(seed):
    before = live_view.measure(**defaults(live_view.VIEW.controls), seed=seed).before
    for spread, rank, said in ((0.5, 1.0, "in 1 direction."), (0.5, 7.6, "in 8 directions."), (0.0, 1.0, "Alarm at")):
        found = Lived({SIMCLR: (replace(before, spread=spread, rank=rank),)}, {}, Measured((seed,), 0.0))
        assert said in found.rings(SIMCLR) and ("has collapsed" in found.rings(SIMCLR)) == (spread < COLLAPSED)


def test_shared_neighbours_are_counted_and_no_label_is_called_a_view():
    reasons = {SIMCLR: "trained on views", SUPERVISED: "trained with labels", UNTRAINED: "random weights mix"}
    counts = set()
    for name in NAMES:
        for space, reason in reasons.items():
            found = neighbours_view.near(shipped(name), space)
            counts.add(found.shared)
            assert (
                f"**{found.shared}** {'is' if found.shared == 1 else 'are'} in both" in neighbours_view.draw(found).note
            )
            assert reason in neighbours_view.question(found).because
    assert 1 in counts and len(counts) > 1
