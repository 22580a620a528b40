"""The request inspector: what is sent, how far it comes, and what comes back."""

import json
from dataclasses import dataclass

from core.deployment.subjects import Playground, Subject, deployed
from core.figures.marks import hover, marker, note, staggered, trace
from core.figures.picture import BLUE, COLORS, FAINT, GREY, ORANGE, Picture, layout
from core.jobs import extras
from core.jobs.servers import Server
from core.lessons import Goal, Question
from core.lessons.controls import pick, text
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.topics.serving.answers import onnx_of, row
from core.topics.serving.folders import FASTAPI, FLASK, KINDS, LITSERVE, Kind, folder
from core.topics.serving.requests import (
    MEANINGS,
    MOST_TYPED,
    OWN,
    PRESETS,
    RIGHT,
    STAGES,
    Answered,
    Order,
    called,
    kept,
    order,
    shortened,
    without_network,
)
from core.wording import code

SERVER = pick("Server", (FLASK.name, FASTAPI.name, LITSERVE.name))
SEND = pick("Send", PRESETS, RIGHT)
TYPED = text("Your JSON", '{"inputs": [[0.5, -0.5]]}', longest=MOST_TYPED, when=lambda values: values["send"] == OWN,
             help="Sent as it is to the server on 127.0.0.1, and nowhere else.")  # fmt: skip
ORDERED = "checked in this order"
CONTROLS = (SERVER, SEND, TYPED)


@dataclass(frozen=True)
class Unsent:
    """A request whose server does not run yet."""

    order: Order
    subject: Subject
    kind: Kind
    provenance: str = "The request as it will be sent"


def ready(seed: int, **network) -> Subject:
    """The network, trained or loaded, its file written."""
    found = deployed(seed=seed, **network)
    onnx_of(found)
    return found


def asked(
    found: Subject, running: Server | None, server: str, send: str, your_json: str, **_: object
) -> Answered | Unsent:
    """Send the request: to the server if it runs, else to the Flask program inside this process."""
    kind = KINDS[server]
    wanted = order(send, your_json, found)
    if running:
        return called(running, wanted, found, kind)
    return without_network(wanted, found) if kind is FLASK else Unsent(wanted, found, kind)


def berthed(found: Subject, values: dict, seed: int) -> tuple:
    """The server that a visitor may start: its name, command, files, health check and settings; and one sentence where
    it cannot be started here."""
    kind = KINDS[values["server"]]
    name = f"{kind.name} with {found.name}"
    if isinstance(found, Playground):
        name += f" ({found.data}, {found.hidden_layers} × {found.units_per_layer} {found.activation})"
    python = extras.interpreter(*kind.packages)
    start = (str(python), "app.py") if python else ()
    return f"{name}, seed {seed}", start, folder(kind, found), kind.health, {}, extras.missing(*kind.packages)


def sent(found: Answered | Unsent) -> str:
    """The request in words that a shell and a network understand."""
    wanted = found.order
    headers = "".join(f"\n{name}: {value}" for name, value in wanted.headers.items())
    head = f"{wanted.method} {wanted.path} HTTP/1.1{headers}"
    body = f"\n\n{shortened(wanted.body)}" if wanted.body is not None else ""
    line = f"**As a shell sends it**\n```bash\n{fenced(wanted.curl())}\n```\n"
    return f"{line}**On the wire**\n```text\n{head}{fenced(body)}\n```\n"


def fenced(words: str) -> str:
    """Text that cannot end the block of code that it stands in."""
    return words.replace("```", "'''")


def ladder(found: Answered | Unsent, shows: bool = True) -> Picture:
    """How far the request came: a mark for each thing that is checked, in order; nothing of it unless it ``shows``."""
    names = [*STAGES, "answer"]
    if isinstance(found, Unsent) or not shows:
        return unknown(names)
    stop = names.index(found.stage) if found.stage else len(names)
    rows = {"passed": (names[:stop], BLUE, "circle"), "refused": (names[stop : stop + 1], ORANGE, "x"),
            "not reached": (names[stop + 1 :], GREY, "circle-open")}  # fmt: skip
    traces = [
        trace("markers", places, [0] * len(places), name=name, marker=marker(color, 22, symbol), **hover("%{x}", name))
        for name, (places, color, symbol) in rows.items() if places
    ]  # fmt: skip
    line = trace(
        "lines", names, [0] * len(names), line={"color": FAINT, "width": 2}, hoverinfo="skip", showlegend=False
    )
    status = found.exchange.status
    words = note(0.5, 0.95, f"{status} {MEANINGS.get(status, found.exchange.reason)}", xref="paper", yref="paper")
    ended = f"stopped at the {found.stage}" if found.stage else "passed all checks"
    alt = f"Checks in order: {', '.join(STAGES)}. The request {ended} and was answered with status {status}."
    return Picture([line, *traces], layout(ORDERED, "", 226, annotations=[words], **axes(names)), alt)


def axes(names: list[str]) -> dict:
    """The axes of a ladder."""
    steps = {"type": "category", "categoryarray": names, "categoryorder": "array", "showgrid": False,
             "tickvals": names, "ticktext": staggered(names), "tickangle": 0}  # fmt: skip
    return {"xaxis": steps, "yaxis": {"visible": False, "range": [-1, 1]}}


def unknown(names: list[str]) -> Picture:
    """The ladder of a request of which nothing is known yet."""
    dots = marker(GREY, 22, "circle-open")
    steps = trace("lines+markers", names, [0] * len(names), marker=dots, line={"color": FAINT, "width": 2})
    alt = f"What a server checks, in order: {', '.join(names)}; how far this request comes is not known yet."
    return Picture([{**steps, **hover("%{x}")}], layout(ORDERED, "", 206, showlegend=False, **axes(names)), alt)


def both(found: Answered) -> Picture:
    """The answer's probabilities of the first sample beside torch's."""
    given, reference = found.probabilities, found.reference
    assert given is not None and reference is not None
    names = list(found.subject.outputs)
    traces = [
        {"type": "bar", "name": name, "x": names, "y": [float(each) for each in values[0]], "marker": {"color": color,
         "pattern": {"shape": shape}}, **hover("%{x}: %{y:.4f}", name)}
        for name, values, color, shape in (("the server", given, COLORS[1], ""), ("torch", reference, COLORS[0], "/"))
    ]  # fmt: skip
    best = names[int(given[0].argmax())]
    alt = (
        f"Probabilities of {len(names)} classes, by the server and by torch: {best} is the most probable with "
        f"{given[0].max():.4f}; they differ by {found.difference:.2g} at most."
    )
    axis = {"type": "category", "showgrid": False}
    return Picture(traces, layout("class", "probability", 300, barmode="group", xaxis=axis), alt)


def draw(found: Answered | Unsent) -> Shown:
    """The request, the way it went, the answer."""
    if isinstance(found, Unsent):
        return before(found)
    answer = found.exchange
    body = code(shortened(answer.body))
    parts = [("Status", f"{answer.status} {answer.reason}"), *kept(answer.headers), ("Body", body)]
    rows = [{"What came back": name, "Says": said} for name, said in parts]
    pictures = ((ladder(found),), (both(found),)) if found.probabilities is not None else ((ladder(found),),)
    return Shown(pictures, sent(found), (rows,))


def before(found: Answered | Unsent) -> Shown:
    """The request alone."""
    return Shown(((ladder(found, False),),), sent(found))


def question(found: Answered) -> Question:
    """What will the server say?"""
    options = [f"{status} {words}" for status, words in MEANINGS.items() if status not in (500, 503)]
    status = found.exchange.status
    because = (
        "Checks come in order: address (404), method (405), size (413), JSON (400), schema (422); only then is the "
        "network asked. 4xx says that the request must change, 5xx that the server failed."
    )
    return Question("With which status is this answered?", options, f"{status} {MEANINGS.get(status, '')}", because)


def is_well_shaped(body: bytes | None, size: int) -> bool:
    """Whether a body is JSON with samples of the right length."""
    try:
        rows = json.loads(body or b"")["inputs"]
        return bool(rows) and all(isinstance(row, list) and len(row) == size for row in rows)
    except (ValueError, RecursionError, TypeError, KeyError):
        return False


def goal(found: Answered) -> Goal:
    """A refusal that the shape does not explain."""
    size = len(row(found.subject))
    shaped = is_well_shaped(found.order.body, size)
    words = "Send *your own JSON* in which every sample has the **right length**, and which is refused all the same."
    typed = found.order not in [order(name, "", found.subject) for name in PRESETS if name != OWN]
    status = found.exchange.status
    passed = typed and shaped and status in (400, 422) and found.order.path == "/predict"
    return Goal(words, passed, f"Now: {status}, samples of the right length: {'yes' if shaped else 'no'}.")


CALL = """import flask
import onnxruntime
from app import app

print(flask.__name__, "and", onnxruntime.__name__, onnxruntime.__version__)

BODY = {body!r}
answer = app.test_client().open({path!r}, method={method!r}, data=BODY, content_type="application/json")
print(answer.get_data(as_text=True)[:300])
result = {{"status": answer.status_code}}
if "answers" in (answer.get_json(silent=True) or {{}}):
    result["probabilities"] = list(answer.get_json()["answers"][0]["probabilities"].values())"""


def program(found: Answered | Unsent) -> Program:
    """The same request to the Flask program, called without a server."""
    wanted = found.order
    text = CALL.format(
        body=wanted.body if len(wanted.body or b"") < 20_000 else None, path=wanted.path, method=wanted.method
    )
    if len(wanted.body or b"") >= 20_000:
        text = text.replace("BODY = None", f'BODY = b" " * {len(wanted.body or b"")}')
    files = folder(FLASK, found.subject)
    beside = {name: files[name] for name in ("app.py", "network.py", "network.json", "network.onnx")}
    shown: dict[str, object] = {}
    if isinstance(found, Answered) and found.kind is FLASK:
        shown["status"] = found.exchange.status
        if found.probabilities is not None:
            shown["probabilities"] = found.probabilities[0].tolist()
    return Program("A request to a Flask program", (Step("Call it", text),), (), shown, files=beside)


REQUEST = View(draw=draw, before=before, question=question, goal=goal, program=program)
UNSENT = View(draw=draw, program=program)
