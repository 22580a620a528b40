"""What the page on GRU and LSTM shows: its controls, and a view per question."""

from core.lessons import Goal, Question
from core.lessons.controls import Control, pick, slider, text
from core.lessons.question import Scale
from core.lessons.view import Shown, View
from core.models.recurrent import CELLS
from core.topics.gru_lstm.numbers import (
    GATED,
    LENGTH,
    LONGER,
    NAMES,
    SYMBOLS,
    Counter,
    Pair,
    Race,
    brought,
    counter,
    pair,
    race,
)
from core.topics.gru_lstm.own import network_of
from core.topics.gru_lstm.pictures import curves, depth, followed, gate_heat, one_by_one, raced, states
from core.topics.gru_lstm.programs import program_of_gates, program_of_held, program_of_silenced
from core.wording import counted

CELL = pick("Cell", GATED)
UNITS = slider("Units", 3, 16, 8)
TEXT = text("Your text", "a(b(c)d)(e(f(g)h))i", longest=100, help="Brackets, and anything else; at most 5 open.")
GATE = pick("Gate", [f"{cell} {gate}" for cell in GATED for gate in CELLS[cell].gates], "GRU update")
ENOUGH = 60  # characters of the text that the first challenge asks for


# Gates ---------------------------------------------------------------------------------------------------------------


def gates_view(both: Pair, your_text: str, gate: str) -> Shown:
    """A gate over a typed text, what the units keep, and the count."""
    found, name = both.of(gate)
    reading = found.read(your_text)
    note = (
        "The network has learned to say after every character how many brackets stand open. Here it is right at "
        f"**{reading.right} of {len(your_text)}** characters. Below: how far the {name} gate of every unit is open, "
        "and what the units keep."
    )
    return Shown(((depth({"counted": reading}),), (gate_heat(reading, name),), (states(reading),)), note)


def count_view(both: Pair, your_text: str, gate: str, **held: float) -> Shown:
    """The count alone: what is seen before the guess."""
    reading = both.of(gate)[0].read(your_text)
    note = (
        "After every character the network says how many brackets stand open: right at "
        f"{reading.right} of {len(your_text)}."
    )
    return Shown(((depth({"counted": reading}),),), note)


def closes(both: Pair, your_text: str, gate: str) -> Question:
    """When is the old state let go?"""
    found, _ = both.of(gate)
    values = found.openings[found.keeping]
    words = f"At which characters is the {found.keeping} gate, which keeps the state, least open on average?"
    because = "Averaged over all units: where this gate is less open, less of the old state stays."
    return Question(words, SYMBOLS, SYMBOLS[int(values.argmin())], because)


def long_count(both: Pair, your_text: str, gate: str) -> Goal:
    """Beyond what was learned."""
    found, _ = both.of(gate)
    reading = found.read(your_text)
    passed = len(your_text) >= ENOUGH and reading.truth.max() >= 3 and reading.right == len(your_text)
    words = (
        f"The network learned from {LENGTH} characters. Write a text of **{ENOUGH} or more**, three brackets deep or "
        "more, at which it makes no mistake."
    )
    mistakes = counted(len(your_text) - reading.right, "mistake")
    return Goal(words, bool(passed), f"Now: {counted(len(your_text), 'character')}, {mistakes}.")


# Hold a gate ---------------------------------------------------------------------------------------------------------


HELD = slider("Held at", 0.0, 1.0, 1.0, 0.05, help="0: shut, 1: open.")
SINCE = slider("From character", 1, 40, 9)


def hold_view(both: Pair, your_text: str, gate: str, held_at: float, from_character: int) -> Shown:
    """The same text with and without a gate held."""
    found, name = both.of(gate)
    since = min(from_character, len(your_text)) - 1
    free, held = found.read(your_text), found.read(your_text, {name: held_at}, since)
    note = (
        f"Held at {held_at:g} from the start, the {name} gate leaves **{found.score({name: held_at}):.0%}** of all "
        f"counts right on held-out sequences (free: {found.score():.0%}). Here it is held from the dotted line on: no "
        f"unit then changes by more than **{held.change(since):.2g}** from one character to the next."
    )
    return Shown(((depth({"free": free, "held": held}),), (curves(held, since),)), note)


def still_right(both: Pair, your_text: str, gate: str, held_at: float, from_character: int) -> Question:
    """How much does the gate matter?"""
    found, name = both.of(gate)
    truth = round(100 * found.score({name: held_at}))
    words = f"The {name} gate is held at {held_at:g} all along. What share of counts is still right?"
    because = "What a gate that never moves costs shows how much of the counting that gate does."
    return Question(words, Scale(0, 100, 5, "%", 10), truth, because)


def without_a_gate(both: Pair, your_text: str, gate: str, held_at: float, from_character: int) -> Goal:
    """Find the gate that is not needed."""
    found, name = both.of(gate)
    share = found.score({name: held_at})
    words = "Find a cell, a gate and a value so that the network **counts 85% right although the gate never moves**."
    return Goal(words, share >= 0.85, f"Now: {found.model.cell}, {name} at {held_at:g}: {share:.0%}.")


# Counter unit --------------------------------------------------------------------------------------------------------


def unit_controls(found: Counter) -> tuple[Control, ...]:
    """Which unit is silenced."""
    return TEXT, slider("Silent unit", 0, found.model.units, 0, help="Its state is set to 0 after every character.")


def unit_view(found: Counter, your_text: str, silent_unit: int) -> Shown:
    """Which unit follows the depth, and what is right without each."""
    silent = min(silent_unit, found.model.units) - 1
    best = found.counting
    readings = {"all units": found.read(your_text)}
    if silent >= 0:
        readings["one silent"] = found.read(your_text, silent=silent)
    note = (
        f"Unit **{best + 1}** follows the depth most closely (correlation {found.correlations[best]:+.2f}). Without it "
        f"**{found.silenced[best]:.0%}** of all counts stay right, with all units {found.score():.0%} (dotted). "
        f"Most is lost without unit **{found.silenced.argmin() + 1}** (orange)."
    )
    rows = (one_by_one(found, silent), (followed(readings["all units"], best),), (depth(readings),))
    return Shown(rows, note)


def without_the_counter(found: Counter, your_text: str, silent_unit: int) -> Question:
    """What does the network lose with it?"""
    words = "The unit that follows the depth most closely is silenced. What share of counts stays right?"
    because = "Several units share the count, so that losing one costs much, but not everything."
    return Question(words, Scale(0, 100, 5, "%", 10), round(100 * found.silenced[found.counting]), because)


def count_only(found: Counter, your_text: str, silent_unit: int) -> Shown:
    """The count alone: what is seen before the guess."""
    reading = found.read(your_text)
    return Shown(((followed(reading, found.counting),),), "One unit of the network over your text, beside the depth.")


def most_missed(found: Counter, your_text: str, silent_unit: int) -> Goal:
    """Find the unit that the network needs most, where it can spare another."""
    silent, shares = min(silent_unit, found.model.units) - 1, found.silenced
    passed = silent >= 0 and shares[silent] == shares.min() and shares.max() >= 0.9
    words = (
        "Find a network that can spare one of its units (90% right without it), and silence the unit that it can "
        "spare **least**."
    )
    now = f"Now: without its least needed unit {shares.max():.0%}, without the silent one "
    return Goal(words, bool(passed), now + (f"{shares[silent]:.0%}." if silent >= 0 else "— none is silent."))


# Over seeds ----------------------------------------------------------------------------------------------------------


def measure_race(units: int, seed: int) -> Race:
    """The race from eight seeds."""
    return race(units, tuple(range(seed, seed + 8)))


def race_view(found: Race) -> Shown:
    """What each cell reaches, seed by seed."""
    return Shown((raced(found),), found.sentence())


def best_beyond(found: Race) -> Question:
    """Who counts on?"""
    words = f"All learn from {LENGTH} characters. Which cell counts best over {LONGER}, on average over eight seeds?"
    because = "A small error of the state stays in it and adds up: what is right at 24 characters may not last for 80."
    return Question(words, NAMES, found.best, because)


def fewest_units(found: Race) -> Goal:
    """With how few units does it still work?"""
    units = found.runs[NAMES[0]].model.units
    share = max(found.longer[name].mean() for name in GATED)
    words = f"Find the **fewest units** with which a gated cell counts 97% right over {LONGER} characters: 5 or fewer."
    return Goal(words, units <= 5 and share >= 0.97, f"Now: {units} units, {share:.1%}.", units)


# Your weights --------------------------------------------------------------------------------------------------------


HOW_TO = (
    "This network was trained here. To bring your own, train one with the program below (the inputs are one-hot: an "
    "opening bracket, a closing one, anything else), save it with `safetensors.torch`, as in "
    '`save_file(model.state_dict(), "counter.safetensors")`, and upload that file.'
)


def own_counter(content: bytes) -> Counter:
    """The network in a learner's file."""
    return brought(network_of(content))


def own_view(found: Counter, your_text: str) -> Shown:
    """A network as it reads a text, whoever trained it."""
    reading, best = found.read(your_text), found.counting
    whose = "Your network." if found.run is None else HOW_TO
    note = (
        f"{whose} The one shown counts **{found.score():.1%}** of held-out characters right. Its unit {best + 1} "
        f"follows the depth most closely (correlation {found.correlations[best]:+.2f})."
    )
    first = (gate_heat(reading, found.keeping),) if found.gates else (states(reading),)
    return Shown(((depth({"counted": reading}),), first, one_by_one(found, -1)), note)


def own_goal(found: Counter) -> Goal:
    """Bring a network that counts."""
    words = "Train a network yourself, with the program below or your own, and bring one that counts **99%** right."
    share = found.score()
    where = "the example's weights are in use" if found.run else f"yours counts {share:.1%} right"
    return Goal(words, found.run is None and share >= 0.99, f"Now: {where}.")


VIEWS: dict[str, View] = {
    "Gates": View(
        (UNITS,),
        pair,
        gates_view,
        look=(GATE, TEXT),
        before=count_view,
        question=closes,
        goal=long_count,
        program=lambda both, gate, your_text: program_of_gates(both.of(gate)[0]),
    ),
    "Hold a gate": View(
        (UNITS,),
        pair,
        hold_view,
        look=(GATE, TEXT, HELD, SINCE),
        before=count_view,
        question=still_right,
        goal=without_a_gate,
        program=lambda both, gate, held_at, **looked: program_of_held(*both.of(gate), held_at),
    ),
    "Counter unit": View(
        (CELL, UNITS),
        counter,
        unit_view,
        look=unit_controls,
        before=count_only,
        question=without_the_counter,
        goal=most_missed,
        program=lambda found, **looked: program_of_silenced(found, found.counting),
    ),
    "Over seeds": View(
        (UNITS,),
        measure_race,
        race_view,
        question=best_beyond,
        goal=fewest_units,
        program=lambda found: found.runs["LSTM"],
    ),
}
