"""Heavy work takes turns: by visitor, once for all who ask, given up with the last of them, in a line of its own."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain

import pytest

from core.cancel import Cancel, GivenUpError, go_on, until
from core.data import moons
from core.jobs.turns import KINDS, LATELY, MOMENT, Experiment, Turns
from core.models import MLP
from core.training import Recipe, train, train_many


class Room:
    """Turns whose threads are called by hand and whose clock is set by hand."""

    def __init__(self, **places: int) -> None:
        self.now, self.served, self.threads = 0.0, [], []
        self.turns = Turns(places or {"quick": 1, "long": 1}, self.threads.append, lambda: self.now)

    def work(self, name: object, seconds: float = 1.0) -> Callable[[], object]:
        """Work that leaves a note and takes so long by the clock."""

        def work() -> object:
            self.served.append(name)
            self.now += seconds
            return name

        return work

    def ask(self, visitor: str, name: object = "", kind: str = "", seconds: float = 1.0) -> Experiment:
        experiment = Experiment(kind)
        self.turns.join(experiment, self.work(name or visitor, seconds), visitor)
        return experiment

    def run(self) -> list[object]:
        """Let all threads serve until nobody waits; what was done, in order."""
        while self.threads:
            self.threads.pop(0)()
        return self.served


def test_those_who_ask_first_are_served_first(seed: int) -> None:
    room, order = Room(), random.Random(seed).sample("abcdefgh", 8)
    asked = [room.ask(visitor) for visitor in order]
    assert [room.turns.before(experiment) for experiment in asked] == list(range(8))
    assert room.run() == order and [experiment.result for experiment in asked] == order


def test_a_visitor_of_many_wishes_is_served_no_more_often_than_others(seed: int) -> None:
    room, luck = Room(), random.Random(seed)
    wishes = {visitor: luck.randint(1, 6) for visitor in "abcde"}
    for visitor, number in wishes.items():  # each brings all at once, the first ones before everybody else
        for place in range(number):
            room.ask(visitor, (visitor, place))
    rounds = [[(visitor, place) for visitor, number in wishes.items() if place < number] for place in range(6)]
    assert room.run() == [*chain(*rounds)]


def test_whoever_changes_their_mind_keeps_the_place_and_pays_for_nothing_old() -> None:
    room = Room()
    old = [room.ask(visitor, visitor + "1") for visitor in "abc"]
    room.turns.leave(old[0], "a")
    room.turns.leave(old[1], "b")
    new = [room.ask(visitor, visitor + "2") for visitor in "dba"]
    assert [room.turns.before(experiment) for experiment in new] == [3, 1, 0]
    assert room.run() == ["a2", "b2", "c1", "d2"]
    assert not old[0].settled.is_set() and old[0].work is None, "a place that was left holds on to nothing"


def test_whoever_was_served_goes_behind_those_who_wait() -> None:
    room, experiment = Room(), Experiment()

    def work() -> None:
        room.served.append("a1")
        room.ask("a", "a2")
        room.ask("c", "c1")

    room.turns.join(experiment, work, "a")
    room.ask("b", "b1")
    assert room.run() == ["a1", "b1", "a2", "c1"]


def test_two_who_ask_for_the_same_share_it_and_the_older_ticket_counts() -> None:
    room = Room()
    shared = Experiment()
    first = room.ask("a", "first")
    room.ask("b", "second")
    room.turns.join(shared, room.work("shared"), "c")
    room.turns.leave(first, "a")
    room.turns.join(shared, room.work("shared"), "a")
    assert room.run() == ["shared", "second"], "a's place is older than b's"
    assert shared.result == "shared" and shared.visitors == ["c", "a"]


def test_work_goes_on_while_one_waits_and_is_given_up_with_the_last() -> None:
    room, experiment = Room(), Experiment()

    def work() -> None:
        room.turns.leave(experiment, "a")
        go_on()
        room.served.append("half")
        room.turns.leave(experiment, "b")
        go_on()
        room.served.append("whole")

    for visitor in "ab":
        room.turns.join(experiment, work, visitor)
    assert room.run() == ["half"]
    assert not experiment.settled.is_set() and experiment.cancel is None
    room.turns.join(experiment, room.work("anew"), "c")
    assert room.run() == ["half", "anew"] and experiment.result == "anew"


def test_who_asks_while_it_is_being_given_up_gets_it_all_the_same() -> None:
    room, experiment = Room(), Experiment()

    def work() -> None:
        room.turns.leave(experiment, "a")
        room.turns.join(experiment, room.work("anew"), "b")
        go_on()

    room.turns.join(experiment, work, "a")
    assert room.run() == ["anew"] and experiment.result == "anew" and experiment.error is None


def test_what_was_finished_before_it_noticed_is_kept() -> None:
    room, experiment = Room(), Experiment()

    def work() -> str:
        room.turns.leave(experiment, "a")
        return "whole"

    room.turns.join(experiment, work, "a")
    room.run()
    assert experiment.settled.is_set() and experiment.result == "whole"


@pytest.mark.parametrize("error", [ValueError("The table has no rows."), KeyError("x"), SystemExit()])
def test_an_error_reaches_all_who_wait_and_is_tried_again_later(error: BaseException) -> None:
    room, experiment = Room(), Experiment()

    def work() -> None:
        raise error

    for visitor in "ab":
        room.turns.join(experiment, work, visitor)
    room.run()
    assert experiment.settled.is_set() and experiment.error is error
    room.turns.leave(experiment, "a")
    assert experiment.error is error
    room.turns.leave(experiment, "b")
    assert experiment.error is None and not experiment.settled.is_set()
    room.turns.join(experiment, room.work("right"), "c")
    assert not experiment.done, "the error was no result"
    assert room.run() == ["right"] and experiment.done and experiment.result == "right"


def test_what_takes_a_moment_does_not_wait_for_what_takes_long() -> None:
    room = Room()
    for _ in range(LATELY):
        room.ask("x", kind="light", seconds=MOMENT / 10)
        room.ask("x", kind="heavy", seconds=10 * MOMENT)
        room.run()
    room.served.clear()
    heavy = [room.ask(visitor, visitor, "heavy") for visitor in "abc"]
    light = room.ask("d", "d", "light")
    assert len(room.threads) == 2, "a thread for each line"
    assert room.turns.before(light) == 0 and room.turns.before(heavy[2]) == 2
    room.threads.pop()()
    assert room.served == ["d"] and light.result == "d"


def test_a_kind_that_becomes_slow_changes_the_line_and_few_kinds_are_remembered() -> None:
    room = Room()
    for seconds in (0.1, 9.0, 9.0):
        room.ask("a", kind="mine", seconds=seconds)
        room.run()
    room.ask("a", kind="mine")
    assert [len(room.turns.lines[name]) for name in ("quick", "long")] == [0, 1]
    for number in range(KINDS + 5):
        room.ask("a", kind=f"kind {number}")
    room.run()
    assert len(room.turns.took) == KINDS and "kind 4" not in room.turns.took


def test_no_more_threads_than_places(seed: int) -> None:
    room, luck = Room(quick=1, long=3), random.Random(seed)
    for _ in range(20):
        room.ask(luck.choice("abcdef"))
    assert len(room.threads) == 3
    room.run()
    assert room.turns.running == {"quick": 0, "long": 0} and not any(room.turns.lines.values())
    assert room.turns.tickets == {}


def test_many_threads_that_come_and_go_leave_nothing_behind(seed: int) -> None:
    turns, results = Turns({"quick": 1, "long": 2}), []
    experiments = [Experiment(number % 3) for number in range(10)]

    def visit(visitor: int) -> None:
        luck = random.Random(f"{seed} {visitor}")
        for _ in range(40):
            number = luck.randrange(10)
            with turns.waiting(experiments[number], lambda number=number: number**2, visitor):
                if luck.random() < 0.5:
                    experiments[number].settled.wait(20)
                    results.append(experiments[number].result == number**2)

    threads = [threading.Thread(target=visit, args=[visitor]) for visitor in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert all(results) and len(results) > 100
    assert not any(turns.lines.values()) and not any(experiment.visitors for experiment in experiments)


@contextmanager
def stopped_after(seconds: float) -> Iterator[None]:
    """Everything in here is told to stop after a while."""
    cancel = Cancel()
    timer = threading.Timer(seconds, cancel.set)
    timer.start()
    try:
        with until(cancel):
            yield
    finally:
        timer.cancel()


@pytest.mark.parametrize("engine", ["torch", "compiled"])
def test_every_training_of_work_that_is_given_up_stops(engine: str, seed: int) -> None:
    endless = Recipe(epochs=20_000_000, seed=seed)
    data, models = moons(samples=40, seed=seed), [MLP(2, 3, 2, seed=seed + place) for place in range(4)]
    with pytest.raises(GivenUpError), stopped_after(0.3):
        train(models[0], data, endless, engine=engine)
    with pytest.raises(GivenUpError), stopped_after(0.3):
        train_many(models, data, endless, engine=engine)
    assert train(models[0], data, Recipe(epochs=2, seed=seed), engine=engine).last.number == 2, "outside, nothing stops"
