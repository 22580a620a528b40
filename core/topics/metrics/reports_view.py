"""The view of reports: seven of them, in most of which one number lied. Which?"""

from core.figures.marks import hover, stroke, trace
from core.figures.picture import BLUE, FAINT, ORANGE, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import pick
from core.lessons.view import Shown, View
from core.topics.metrics.programs import program_of_report
from core.topics.metrics.reports import ALL, CASES, LIE, NONE, Report

CASE = pick("Report", tuple(CASES), help="Each is measured anew with this page's seed.")


def measure(report: str, seed: int) -> Report:
    """Make the report, and measure the same numbers where the detector is used."""
    return CASES[report](seed)


def picture(report: Report, with_use: bool = True) -> Picture:
    """Every number as reported and as it is in use, joined by a line."""
    names = list(report.reported)
    wide = [name.replace(", ", ",<br>") for name in names]
    joins = trace(
        "lines", [at for name in names for at in (report.reported[name], report.used[name], None)],
        [at for name in wide for at in (name, name, None)], line=stroke(FAINT, 5), hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    filled, hollow = {"symbol": "circle", "size": 12}, {"symbol": "diamond-open", "size": 18, "line": {"width": 3}}
    sides = [("reported", report.reported, ORANGE, filled, "top center"),
             ("in use", report.used, BLUE, hollow, "bottom center")]  # fmt: skip
    spots = [
        trace(
            "markers+text", [values[name] for name in names], wide, name=side, marker={"color": color, **style},
            text=[f"{values[name]:.2f}" for name in names], textposition=spot, cliponaxis=False,
            **hover("%{x:.3f}", side),
        )
        for side, values, color, style, spot in sides[: 1 + with_use]
    ]  # fmt: skip
    words = "; ".join(
        f"{name} {report.reported[name]:.3f}" + (f", in use {report.used[name]:.3f}" if with_use else "")
        for name in names
    )
    axes = {
        "xaxis": {"range": [-0.05, 1.08]},
        "yaxis": {"autorange": "reversed", "type": "category", "showgrid": False},
    }
    traces = [joins, *spots] if with_use else spots
    return Picture(traces, layout("", "", 110 + 80 * len(names), **axes), f"As reported: {words}.")


def draw(report: Report) -> Shown:
    """Both sides."""
    verdict = {ALL: "All numbers lied.", NONE: f"No number moved by more than {LIE}."}
    said = verdict.get(report.liar, f"**{report.liar}** lied: it moved by {report.moved.get(report.liar, 0):.2f}.")
    rows = [
        {"Number": name, "Reported": f"{value:.3f}", "In use": f"{used:.3f}", "Moved by": f"{abs(used - value):.3f}"}
        for (name, value), used in zip(report.reported.items(), report.used.values(), strict=True)
    ]
    return Shown(((picture(report),),), f"{report.said} {said} {report.because}", (rows,))


def before(report: Report) -> Shown:
    """The report alone."""
    return Shown(((picture(report, with_use=False),),), report.said)


def question(report: Report) -> Question:
    """Which number lied?"""
    words = f"Which number lied? It lied if it is off by more than {LIE} where the detector is used."
    return Question(words, (*report.reported, ALL, NONE), report.liar, report.because)


def goal(report: Report) -> Goal:
    """Even a curve's area can lie."""
    moved = report.moved.get("ROC-AUC", 0.0)
    words = (
        "The area under the ROC curve does not care how rare positives are. Find the report in which **it lied too**."
    )
    return Goal(
        words, moved > LIE, f"Now: ROC-AUC {f'moved by {moved:.3f}' if moved else 'stayed, or is not reported'}."
    )


REPORTS_VIEW = View((CASE,), measure, draw, before=before, question=question, goal=goal, program=program_of_report)
