"""The folder: a page per lesson, the recorded pictures as files beside it, the stage's script, fonts and styles."""

import json
import re
import shutil
import tomllib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote_plus

from core.lessons import curriculum
from core.lessons.curriculum import Topic
from core.lessons.question import Question, Scale
from core.serving.files import PLOTLY
from deploy.showcase.visits import Scene
from deploy.showcase.words import html, inline, plain
from pages.ui.stage import FOLDER, drawn

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FRAMES_MOST = 6_000_000  # bytes of one replay: longer ones show their end alone
SHARED = ("fonts", "plotly")


def shared(folder: Path) -> None:
    """Scripts, styles and fonts of all pages."""
    place = folder / "lab"
    place.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "assets" / "fonts", place / "fonts", dirs_exist_ok=True)
    shutil.copy(PLOTLY.path, place / Path(PLOTLY.address).name)
    stage = "".join((FOLDER / name).read_text(encoding="utf-8") for name in ("behind.js", "stage.js"))
    markup = (FOLDER / "stage.html").read_text(encoding="utf-8")
    (place / "stage.js").write_text(f"{stage}\nexport const MARKUP = {json.dumps(markup)};\n", encoding="utf-8")
    shutil.copy(FOLDER / "replay.js", place / "replay.js")
    shutil.copy(HERE / "showcase.js", place / "showcase.js")
    styles = [theme(), (FOLDER / "stage.css").read_text(encoding="utf-8"), (HERE / "showcase.css").read_text("utf-8")]
    (place / "showcase.css").write_text("\n".join(styles), encoding="utf-8")
    for name in ("icon.png", "logo.svg"):
        shutil.copy(ROOT / "assets" / name, place / name)


def theme() -> str:
    """The hub's fonts and colours, light and dark, under the names that the stage asks for."""
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    faces = "\n".join(map(face, settings["fontFaces"]))
    fonts = (
        f"--st-font: {settings['font']}; --st-heading: {settings['headingFont']}; --st-code: {settings['codeFont']};"
    )
    light, dark = (variables(settings[name]) for name in ("light", "dark"))
    return (
        f"{faces}\n:root {{ color-scheme: light dark; {fonts} {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    )


def face(font: Mapping) -> str:
    """A font that lies beside the styles."""
    rules = {
        "font-family": f"'{font['family']}'", "src": f"url('{font['url'].removeprefix('lab/')}')",
        "font-weight": font["weight"], "font-style": font["style"], "font-display": "swap",
        "unicode-range": font["unicodeRange"],
    }  # fmt: skip
    return "@font-face { " + " ".join(f"{name}: {value};" for name, value in rules.items()) + " }"


def variables(colours: Mapping) -> str:
    """Colours of a theme as CSS variables: ``textColor`` is ``--st-text-color``."""
    names = {key: re.sub(r"([A-Z])", lambda match: f"-{match[1].lower()}", key) for key in colours}
    return " ".join(f"--st-{names[key]}: {value};" for key, value in colours.items() if isinstance(value, str))


def lesson(folder: Path, topic: Topic, scenes: Sequence[Scene], hub: str) -> int:
    """Write a lesson's page and files; the bytes written."""
    place = folder / topic.slug
    place.mkdir(parents=True, exist_ok=True)
    numbers, body = iter(range(1000)), []
    for at, scene in enumerate(scenes):
        body.append(section(place, topic, scene, at, numbers, hub))
    listed = "".join(f'<li><a href="#v{at}">{escape(scene.view)}</a></li>' for at, scene in enumerate(scenes))
    chapter = curriculum.chapters()[topic.chapter - 1]
    values = {
        "title": escape(topic.title), "promise": escape(topic.promise), "idea": html(topic.idea),
        "place": f"{topic.chapter} · {escape(chapter.title)}", "body": "\n".join(body),
        "views": f'<nav aria-label="Views"><ul class="views">{listed}</ul></nav>' if len(scenes) > 1 else "",
        "reading": "".join(f"<li>{inline(item)}</li>" for item in topic.reading), "ways": ways(topic),
        "live": live(hub, f"/{topic.slug}", "Open this lesson live"), "date": date.today().isoformat(),
    }  # fmt: skip
    (place / "index.html").write_text(page("lesson.html", values, up="../"), encoding="utf-8")
    return sum(file.stat().st_size for file in place.iterdir())


def section(place: Path, topic: Topic, scene: Scene, at: int, numbers: Iterator[int], hub: str) -> str:
    """One view: what is seen first, its question, and behind that what it shows."""
    before, shown = ("\n".join(block(place, each, numbers) for each in parts) for parts in (scene.before, scene.parts))
    goals = "".join(f'<p class="goal"><strong>Challenge.</strong> {inline(goal.text)}</p>' for goal in scene.goals)
    address = f"/{topic.slug}?{topic.key}.view={quote_plus(scene.view)}" if scene.view else f"/{topic.slug}"
    below = goals + code(place, scene, next(numbers)) + live(hub, address, "Open this view live and change it")
    heading = f"<h2>{escape(scene.view or 'Lab')}</h2>"
    if not scene.questions:
        return f'<section id="v{at}">{heading}{shown}{below}</section>'
    asked = "".join(map(question, scene.questions))
    return (
        f'<section id="v{at}">{heading}{before}{asked}<details class="answer"><summary>Show what was measured'
        f"</summary>{shown}{below}</details></section>"
    )


def question(asked: Question) -> str:
    """A question with its answers to choose from; the browser compares (showcase.js)."""
    truth: dict[str, object] = {"truth": asked.written(asked.truth), "because": inline(asked.because)}
    if isinstance(asked.options, Scale):
        scale = asked.options
        truth |= {"number": float(asked.truth), "close": scale.tolerance, "unit": scale.unit}
        middle = scale.low + round((scale.high - scale.low) / 2 / scale.step) * scale.step
        choice = (
            f'<label>Your guess <input type="range" min="{scale.low}" max="{scale.high}" step="{scale.step}" '
            f'value="{middle}"><output>{scale.written(middle)}</output></label><button type="button">That is my guess'
            "</button>"
        )
    else:
        choice = "".join(f'<button type="button">{escape(str(option))}</button>' for option in asked.options)
    kept = escape(json.dumps(truth), quote=True)
    return (
        f'<div class="question" data-answer="{kept}"><p><strong>Predict first.</strong> {inline(asked.text)}</p>'
        f'<div class="options">{choice}</div><p class="verdict" aria-live="polite" hidden></p></div>'
    )


def block(place: Path, part: tuple, numbers: Iterator[int]) -> str:
    """A sentence, a row of pictures or a table."""
    kind, *rest = part
    if kind == "note":
        return html(rest[0])
    if kind == "table" and rest[0]:
        return table(rest[0])
    return stage(place, next(numbers), *rest) if kind == "pictures" else ""


def stage(place: Path, number: int, pictures: Sequence, source: str, weights: Sequence[float]) -> str:
    """A row of pictures: written beside the page, drawn once it comes into sight."""
    panels = json.dumps(drawn(pictures, weights, click=False))
    frames = json.dumps([list(picture.frames) for picture in pictures])
    if len(frames) > FRAMES_MOST:
        panels, frames = json.dumps([{**each, "length": 0} for each in json.loads(panels)]), "[]"
    id = zlib.crc32(panels.encode())
    data = {"pictures": panels, "source": source, "key": f"stage-{number}", "id": id, "script": f"../{PLOTLY.address}"}
    (place / f"{number}.json").write_text(json.dumps({"data": data, "frames": frames}), encoding="utf-8")
    height = max(picture.layout.get("height", 300) for picture in pictures)
    words = "".join(f"<p>{escape(picture.alt)}</p>" for picture in pictures)
    style = f"min-height:{height + 60}px"
    return f'<div class="stage" data-file="{number}.json" style="{style}"><div class="alt">{words}</div></div>'


def table(rows: Sequence[Mapping]) -> str:
    """Rows of equal keys."""
    head = "".join(f'<th scope="col">{inline(str(name))}</th>' for name in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{inline(str(cell))}</td>" for cell in row.values()) + "</tr>" for row in rows)
    return f'<div class="table" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def code(place: Path, scene: Scene, number: int) -> str:
    """The program of what is shown, to read and to take away."""
    if scene.program is None:
        return ""
    (place / f"{number}.py").write_text(scene.program.text, encoding="utf-8")
    text = f'<pre tabindex="0"><code>{escape(scene.program.text)}</code></pre>'
    away = f'<p><a href="{number}.py" download="experiment.py">Take it away</a></p>'
    return f'<details class="code"><summary>The program that made this</summary>{away}{text}</details>'


def live(hub: str, address: str, words: str) -> str:
    """A link into a running hub, if there is one."""
    return f'<p class="live"><a href="{escape(hub + address)}">{words}</a></p>' if hub else ""


def ways(topic: Topic) -> str:
    """Links to the lesson before and the one after."""
    topics = curriculum.topics()
    at = topics.index(topic)
    before, after = topics[at - 1] if at else None, topics[at + 1] if at + 1 < len(topics) else None
    ends = ((before, "prev", "← {}"), (after, "next", "{} →"))
    return "".join(
        f'<a rel="{rel}" href="../{each.slug}/">{words.format(escape(each.title))}</a>'
        for each, rel, words in ends
        if each
    )


def front(folder: Path, topics: Sequence[Topic], hub: str) -> None:
    """The first page: all lessons by chapter."""
    chapters = []
    for chapter in curriculum.chapters():
        rows = [
            f'<li><a href="{topic.slug}/">{escape(topic.title)}</a><p>{escape(topic.promise)}</p></li>'
            for topic in chapter.topics if topic in topics
        ]  # fmt: skip
        if rows:
            chapters.append(
                f"<section><h2>{chapter.number} · {escape(chapter.title)}</h2><ul>{''.join(rows)}</ul></section>"
            )
    values = {
        "chapters": "\n".join(chapters), "count": str(len(topics)), "live": live(hub, "", "Open the lab itself"),
        "title": "Roadmap Lab", "promise": "Deep learning, recorded: guess first, then replay what real networks did.",
        "date": date.today().isoformat(),
    }  # fmt: skip
    (folder / "index.html").write_text(page("front.html", values, up=""), encoding="utf-8")


def page(template: str, values: Mapping[str, str], up: str) -> str:
    """A template of this folder filled in."""
    frame = Template((HERE / "frame.html").read_text(encoding="utf-8"))
    inner = Template((HERE / template).read_text(encoding="utf-8")).substitute(values)
    described = plain(values["promise"])
    return frame.substitute(title=plain(values["title"]), described=described, up=up, inner=inner, date=values["date"])
