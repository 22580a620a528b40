"""A plan by weeks, as a chart and as a list."""

from core.figures.marks import hover
from core.figures.picture import BLUE, INK, Picture, layout
from core.lessons import Goal, Question, Scale, curriculum
from core.lessons.controls import pick, slider, toggle
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.topics.reading.books_view import down, linked
from core.topics.reading.plan import STARTS, Plan, ends, plan
from core.wording import counted

HOURS = slider("Hours a week", 1, 20, 5)
LESSON = slider("Minutes for a lesson", 20, 180, 60, 5, help="With its guesses and its challenge.")
READING = slider("Minutes of reading", 0, 180, 30, 5, help="For each lesson that names one of the five books.")
START = pick("You begin with", STARTS)
TICKED = toggle("Leave out what is ticked", True)
LONGEST, SOONEST = 104, 8  # weeks: of the guess, of the goal
PROJECTS = 9  # the chapter to be reached


def chart(found: Plan) -> Picture:
    """When each chapter is worked on."""
    spans = {chapter: found.span(chapter) for chapter in curriculum.chapters() if chapter.topics}
    bars = [(chapter, span) for chapter, span in spans.items() if span]
    names = [f"{chapter.number} · {chapter.title}" for chapter, _ in bars]
    counts = [sum(topic.chapter == chapter.number for topic in found.lessons) for chapter, _ in bars]
    words = [counted(count, "lesson") for count in counts]
    bar = {
        "type": "bar", "orientation": "h", "y": list(range(len(bars))), "base": [start for _, (start, _) in bars],
        "x": [end - start for _, (start, end) in bars], "text": words, "textposition": "auto", "textangle": 0,
        "marker": {"color": BLUE}, "cliponaxis": False, "outsidetextfont": {"color": INK},
        "customdata": [end for _, (_, end) in bars], **hover("%{text}<br>week %{base:.1f} to %{customdata:.1f}"),
    }  # fmt: skip
    alt = f"{counted(len(found.lessons), 'lesson')} in {counted(found.weeks, 'week')}: " + "; ".join(
        f"chapter {chapter.number} until week {end:.1f}" for chapter, (_, end) in bars
    )
    weeks = {"range": [0, 1.45 * found.finished[-1]]}  # room for the last bar's words
    plan_of = layout("Weeks from now", "", 100 + 38 * len(bars), showlegend=False, xaxis=weeks, yaxis=down(names))
    return Picture([bar], plan_of, alt + ".")


def shown(found: Plan) -> Shown:
    """The chart and the weeks."""
    if not found.lessons:
        return Shown((), "Every lesson of this plan is ticked. Take the tick from one, or leave ticked lessons in.")
    rows = [
        {"Week": str(week), "Lessons": linked(lessons)}
        for week in range(1, found.weeks + 1)
        if (lessons := found.of(week))
    ]
    hours = sum(found.minutes) / 60
    parts = (len(found.lessons), "lesson"), (round(hours), "hour"), (found.weeks, "week")
    note = f"**{', '.join(counted(*part) for part in parts)}.**"
    note += f" Ticked and left out: {counted(found.ticked, 'lesson')}." if found.ticked else ""
    return Shown(((chart(found),),), note, (rows,))


def before(found: Plan) -> Shown:
    """What is to be planned."""
    reading = sum(minutes > min(found.minutes) for minutes in found.minutes)
    more = f", {reading} of them with reading" if reading else ""
    lessons, hours = counted(len(found.lessons), "lesson"), counted(found.hours_a_week, "hour")
    return Shown((), f"The plan has **{lessons}**{more}, and **{hours}** a week.")


def lasting(found: Plan) -> Question:
    """How many weeks?"""
    because = "Lessons times minutes, over the hours of a week."
    return Question("How many weeks will it take?", Scale(0, LONGEST, 1, "weeks", close=2), found.weeks, because)


def projects(found: Plan) -> Goal:
    """Reach the projects soon, without a short cut."""
    first = next((place for place, topic in enumerate(found.lessons) if topic.chapter >= PROJECTS), None)
    start = found.finished[first - 1] if first else 0.0
    reading = max(found.minutes, default=0) - min(found.minutes, default=0)
    is_whole = not found.skipped and not found.ticked and first is not None
    text = (
        f"**Soon at the projects**: begin chapter {PROJECTS} within {SOONEST} weeks, with all chapters before it, at "
        "least 30 minutes of reading and at most 8 hours a week."
    )
    passed = is_whole and start <= SOONEST and reading >= 30 and found.hours_a_week <= 8
    hours = counted(found.hours_a_week, "hour")
    return Goal(text, passed, f"Now: after {start:.1f} weeks, {counted(reading, 'minute')} of reading, {hours}.")


def program(found: Plan) -> Program:
    """The weeks of every lesson."""
    text = (
        f"minutes = {list(found.minutes)!r}\nfinished = ends(minutes, {found.hours_a_week!r})\n"
        "result = {'lessons': len(minutes), 'weeks': finished[-1] if finished else 0.0}"
    )
    shown = {"lessons": len(found.lessons), "weeks": found.finished[-1] if found.lessons else 0.0}
    return Program("A plan by weeks", (Step("Weeks", text),), (ends,), shown)


def files(found: Plan) -> list[tuple[str, str, bytes]]:
    """The plan to take away."""
    return [("Plan as Markdown", "plan.md", found.markdown.encode())]


def measure(
    ticked: tuple[str, ...],
    hours_a_week: int,
    minutes_for_a_lesson: int,
    minutes_of_reading: int,
    you_begin_with: str,
    leave_out_what_is_ticked: bool,
) -> Plan:
    """The learner's plan."""
    given = (minutes_for_a_lesson, minutes_of_reading, hours_a_week, you_begin_with, leave_out_what_is_ticked)
    return plan(ticked, *given)


PLAN = View(
    (HOURS, LESSON, READING, START, TICKED),
    measure,
    shown,
    before=before,
    question=lasting,
    goal=projects,
    program=program,
    files=files,
)
