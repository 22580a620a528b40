"""The table of runs: parallel coordinates, a filter, an order and a colour by any column."""

from core.lessons import Goal, Question
from core.lessons.controls import Control, pick, text
from core.lessons.view import Shown, View
from core.topics.experiment_tracking.columns import EXAMPLE, RUN, SECONDS, SPEC, Table, brushed, conditions, kept
from core.topics.experiment_tracking.pictures import all_runs, axes_of
from core.topics.experiment_tracking.programs import program_of_sweep
from core.topics.experiment_tracking.seen import ALL, HERE, Seen
from core.topics.experiment_tracking.sweep import HELD_OUT, NOTHING

LISTED = 25  # rows that are shown
ROWS = pick("Rows", (ALL, HERE))
FILTER = text("Filter", "", longest=300, help=f"For example: {EXAMPLE}. A blank field keeps all.")
FEWEST = 3  # runs that a good filter leaves


def looks(found: Seen) -> tuple[Control, ...]:
    """Controls above the table; any column can sort and colour it."""
    names = list(found.all.columns)
    colours = [name for name in names if name not in (SPEC, SECONDS)]
    first = "Learning rate" if "Learning rate" in colours else HELD_OUT
    return (FILTER, pick("Sort by", (RUN, *names), HELD_OUT), pick("Colour by", colours, first), ROWS)


def draw(found: Seen, filter: str, sort_by: str, colour_by: str, rows: str) -> Shown:
    """All runs as lines and as a table."""
    table = found.table(rows)
    wanted = conditions(filter, table)
    keep = kept(table, wanted)
    shown = table.ordered(keep, sort_by)[:LISTED]
    lines = [table.row(place) for place in shown] or [{RUN: "no run passes the filter"}]
    picture = all_runs(table, keep, colour_by, wanted)
    return Shown(((picture,),), words(found, table, keep), (lines,), lambda at: clicked(filter, table, at))


def words(found: Seen, table: Table, keep: list[int]) -> str:
    """How many runs stand here, what they share, and which setting matters."""
    effects = sorted(found.sweep.effects.items(), key=lambda pair: -pair[1])
    shares = ", ".join(f"{name} {100 * share:.0f}%" for name, share in effects) or "there is one run only"
    said = [f"{name.lower()} {value}" for name, value in table.same.items() if value not in ("", "–")]
    same = ", ".join(said[:12])
    more = f"; the first {LISTED} are listed" if len(keep) > LISTED else ""
    return (
        f"**{len(keep)} of {len(table.entries)} runs** pass the filter{more}. Share of the spread of the held-out loss "
        f"that goes along with one setting alone, in this sweep: {shares}.\n\n"
        f"Drag along an axis to keep a part of it, click the axis to let it go, or type the filter. "
        f"The same in all rows: {same or 'nothing'}."
    )


def clicked(filter: str, table: Table, at: dict) -> tuple:
    """The filter after an axis was brushed or clicked."""
    names = axes_of(table)
    place = round(at.get("x0", at["x"]))
    if not 0 <= place < len(names):
        return ()
    return ((FILTER, brushed(filter, table, names[place], at.get("y0", at["y"]), at["y"])),)


def before(found: Seen, filter: str, sort_by: str, colour_by: str, rows: str) -> Shown:
    """The settings alone."""
    table = found.here
    picture = all_runs(table, range(len(table.entries)), "Learning rate", (), "")
    varied = ", ".join(found.sweep.effects) or "no setting"
    note = (
        f"**{len(table.entries)} networks** were trained, one line each; they differ in {varied}. What they reached is "
        "on record and stays hidden until you have guessed."
    )
    return Shown(((picture,),), note) if table.varied else Shown((), note)


def question(found: Seen, **looked: str) -> Question:
    """Which setting matters most?"""
    options = [*found.sweep.effects, NOTHING]
    because = (
        "Between its values the mean of the final held-out loss differs most. It is what this sweep says: another "
        "range of values would give another order."
        if found.sweep.strongest != NOTHING
        else "All runs of this sweep end alike, or there is one only: without a spread nothing goes along with it."
    )
    return Question("Which setting goes along with most of the spread of the held-out loss?", options,
                    found.sweep.strongest, because)  # fmt: skip


def goal(found: Seen, filter: str, **looked: str) -> Goal:
    """Find where the good runs are, by settings alone."""
    said = (
        f"**Where are the good runs?** Filter by settings alone (no result) so that at least {FEWEST} runs of the "
        "sweep are left, all of them among its best third by held-out loss."
    )
    table = found.here
    wanted = conditions(filter, found.all)
    left = kept(table, [each for each in wanted if each.column in table.settings])
    order = table.ordered(range(len(table.entries)), HELD_OUT)
    best = set(order[: max(1, round(len(order) / 3))])
    good = sum(place in best for place in left)
    cheats = [each.column for each in wanted if each.column not in table.settings]
    now = f"Now: {len(left)} left, {good} of them in the best third" + (
        f"; {cheats[0]} is no setting" if cheats else ""
    )
    return Goal(said, bool(len(left) >= FEWEST and good == len(left) and wanted and not cheats), f"{now}.")


def files(found: Seen, **looked: str) -> tuple:
    """The table to take away."""
    return (("Table (CSV)", "runs.csv", found.all.csv), ("Records (JSON)", "runs.json", found.all.json))


RUNS = View(
    draw=draw, look=looks, before=before, question=question, goal=goal,
    program=lambda found, **looked: program_of_sweep(found.sweep), files=files,
)  # fmt: skip
