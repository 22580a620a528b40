"""What the page “Environment” says of threads fits what was measured, on one core and on many."""

import numpy as np

from core.provenance import Measured
from core.topics.environment import threads, threads_view


def rates(*speeds: float, counts: tuple[int, ...] = (1, 2, 4), cores: int = 4) -> threads.Rates:
    """Rounds in which each number of threads makes about so many steps a second."""
    noise = 1 + 0.001 * np.random.default_rng(0).normal(size=(threads.REPEATS, len(counts)))
    return threads.Rates(threads.Plan(32, 128), counts, np.array(speeds) * noise, cores, Measured((0,), 1.0))


def test_the_law_promises_nothing_a_limit_or_no_end():
    found = threads_view.THREADS.measure(**{each.name: each.value for each in threads_view.THREADS.controls}, seed=0)
    for share, said in ((0.0, "speed up not at all."), (0.5, "at most 2 ×, with any number"), (1.0, "without end.")):
        assert said in threads_view.draw(found, share).note


def test_one_thread_is_enough_only_where_more_are_no_faster():
    for speeds, enough, said in (
        ((100, 99, 90), 1, "1 thread is enough"),
        ((100, 190, 350), 4, "4 threads are enough"),
    ):
        found = rates(*speeds)
        goal, note = threads_view.goal(found), threads_view.draw_rates(found).note
        assert found.enough == enough and goal.now.startswith(f"Now: {said}, ")
        assert ("One thread is the fastest." in note) == (enough == 1) and "1 thread " in threads_view.rates(found).alt
        assert goal.passed == (enough == 1)
    lone = rates(100.0, counts=(1,), cores=1)
    assert (
        threads_view.goal(lone).now == "Now: 1 thread is enough."
        and "parallel" not in threads_view.draw_rates(lone).note
    )
