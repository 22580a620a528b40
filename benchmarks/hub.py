"""The hub under measurement: a slider's answer on every page, the first paint of Home, memory per session.

PYTHONPATH=. python benchmarks/hub.py                  # writes benchmarks/results/hub.md, more than an hour
PYTHONPATH=. python benchmarks/hub.py paint release    # these parts of it, the others stay as they are
PYTHONPATH=. python benchmarks/hub.py --quick          # fewer repetitions, prints only
"""

import argparse
import importlib.metadata
import os
import platform
import re
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from benchmarks.session import PageFailedError, Session, served
from core.lessons import curriculum

BETWEEN = 8  # lessons between two looks at how fast the machine is
LONGEST = 60.0  # seconds that one page is measured for, however many seeds are asked for
RESULTS = Path(__file__).resolve().parent / "results" / "hub.md"
HUB = (sys.executable, "-m", "streamlit", "run", "Home.py")
BARE = (sys.executable, "-m", "streamlit", "run", str(Path(__file__).with_name("bare.py")))
HELLO = (sys.executable, "-m", "streamlit", "hello")
# Milliseconds since navigation until the page's first heading has text, noted inside the page.
HEADING = """new MutationObserver((_, seen) => {
    if (!document.querySelector("h1")?.innerText.trim()) return;
    seen.disconnect();
    requestAnimationFrame(() => { window.headingAt = performance.now() });
}).observe(document, {childList: true, subtree: true, characterData: true})"""
# When the mouse was let go, and when stages, or figures of Streamlit's own, have drawn since.
WATCHED = """addEventListener("pointerup", () => { window.released = performance.now(); window.drawn = []; }, true);
const drew = ({attributeName, target}) =>
    attributeName === "data-drawn" || target.matches(".js-plotly-plot .scatterlayer path");
new MutationObserver(all => all.some(drew) && window.drawn?.push(performance.now() - window.released))
    .observe(document, {subtree: true, attributes: true, attributeFilter: ["data-drawn", "d"]})"""
# Where a slider's handle stands and how long one step is, as shares of its track.
HOME = "one => [one.value - one.min, Number(one.step) || 1].map(length => length / (one.max - one.min))"
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def main() -> None:
    """Measure everything, or some parts, and write the tables."""
    parts: dict[str, Callable[[bool], str]] = {
        "paint": lambda quick: paint_table(rounds=3 if quick else 12, cold=1 if quick else 4),
        "release": lambda quick: release_table(rounds=4 if quick else 8),
        "answers": lambda quick: answer_table(rounds=3 if quick else 12),
        "memory": lambda quick: memory_table(sessions=4 if quick else 12),
    }
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("parts", nargs="*", choices=[[], *parts], help="what to measure, everything if none is named")
    options.add_argument("--quick", action="store_true", help="few repetitions, print instead of write")
    chosen = options.parse_args()
    before = re.split(r"^## ", RESULTS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:] if RESULTS.exists() else []
    sections = {text.partition("\n")[0]: f"## {text.strip()}" for text in before}
    for name in chosen.parts or parts:
        section = parts[name](chosen.quick)
        print(section, flush=True)
        sections[section.partition("\n")[0].removeprefix("## ")] = section
    head = "# The hub: answers, first paint, memory\n\nMade by `PYTHONPATH=. python benchmarks/hub.py`, part by part."
    if not chosen.quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text("\n\n".join([head, *sections.values()]) + "\n", encoding="utf-8")


def machine() -> str:
    """What the numbers were measured on, and how busy it was with other work."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("streamlit", "torch", "plotly"))
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}, "
        f"{versions}; {time.strftime('%d %B %Y')}; load average at the end {load}."
    )


def table(title: str, note: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table with a heading and a sentence on how it was measured."""
    lines = [" | ".join(map(str, row)) for row in rows]
    rule = " | ".join(["---", *["---:"] * (len(head) - 1)])
    top = [f"## {title}", "", note, "", machine(), "", f"| {' | '.join(head)} |", f"| {rule} |"]
    return "\n".join([*top, *(f"| {line} |" for line in lines)])


def quantiles(seconds: Sequence[float]) -> tuple[str, str]:
    """Median and 95th percentile in milliseconds."""
    ranked = sorted(seconds)
    return f"{1000 * statistics.median(ranked):.0f}", f"{1000 * ranked[round(0.95 * (len(ranked) - 1))]:.0f}"


def answer_table(rounds: int) -> str:
    """Server time from a slider's new value to the end of the script's run, page by page."""
    with served(*HUB, ready="/healthz") as (url, _):
        rows = [row for topic in curriculum.topics() for row in answers(url, topic.slug, rounds)]
    note = (
        "Milliseconds from sending a slider's new value until the server has sent the whole answer, over the page's "
        f"first slider, up to {rounds} seeds in {LONGEST:.0f} seconds. Computed: a setting nobody has asked for, so "
        "the network is trained (or the job that trains it started). Seen: back to one that this server has computed."
    )
    head = ["Page", "Slider", "Seeds", "Computed: median", "p95", "Seen: median", "p95", "Kilobytes"]
    return table("A slider's answer", note, head, rows)


def answers(url: str, slug: str, rounds: int) -> Iterator[tuple[object, ...]]:
    """One row for a page with a slider, none for a page without; a page that fails says so in its row."""
    try:
        yield from timed(url, slug, rounds)
    except PageFailedError as error:
        print(error, file=sys.stderr)
        yield slug, "failed", *"------"


def timed(url: str, slug: str, rounds: int) -> Iterator[tuple[object, ...]]:
    """Median and 95th percentile of the answers on one page."""
    with Session(url, slug) as session:
        if not session.sliders:
            return
        slider, computed, seen, start = session.sliders[0], [], [], time.perf_counter()
        session.moved(slider, 1)  # whatever is imported on first use is not the slider's cost
        while len(seen) < rounds and (not seen or time.perf_counter() - start < LONGEST):
            session.reseeded(1_000 + len(seen))
            computed.append(session.moved(slider, 1))
            seen.append(session.moved(slider, 0))
        size = session.answer()[1]
    yield slug, slider.label, len(seen), *quantiles(computed), *quantiles(seen), f"{size / 1000:.0f}"


def release_table(rounds: int) -> str:
    """From letting go of a slider to the last figure drawn, in Chromium, page by page."""
    rows: list[tuple[object, ...]] = []
    with served(*HUB, ready="/healthz") as (url, _), served(*BARE) as (bare, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        slugs = [topic.slug for topic in curriculum.topics()]
        (before,) = releases(browser, bare, rounds)
        for begin in range(0, len(slugs), BETWEEN):
            some = [f"{url}/{slug}" for slug in slugs[begin : begin + BETWEEN]]
            found = [row for address in some for row in releases(browser, address, rounds)]
            (after,) = releases(browser, bare, rounds)
            rows += [against(before, before), *(against(row, before, after) for row in found)]
            before = after
        rows.append(against(before, before))
        browser.close()
    note = (
        "Milliseconds from letting go of a slider with the mouse until the first and the last row of figures that it "
        f"changes is drawn, in headless Chromium without a graphics card on the same {os.cpu_count()} cores; up to "
        f"{rounds} moves of the page's first three sliders, some steps away from where they stand at first, all "
        f"questions answered. For comparison, before and after every {BETWEEN} lessons, Streamlit with one slider and "
        "one figure (`benchmarks/bare.py`): the machine is as fast as these say, and the last column is how many "
        "times their median the 95th percentiles are."
    )
    head = ["Page", "Moves", "First: median", "p95", "Last: median", "p95", "p95 over bare: first, last"]
    return table("From release to picture", note, head, rows)


def against(row: tuple, *bare: tuple) -> tuple[object, ...]:
    """A row of the table with its 95th percentiles as multiples of the bare page's median, to the first figure."""
    yardstick = statistics.mean(float(each[2]) for each in bare)
    return *row, ", ".join(f"{float(row[place]) / yardstick:.1f}" for place in (3, 5))


def releases(browser: Browser, url: str, rounds: int) -> Iterator[tuple[object, ...]]:
    """One row for a page whose pictures follow its sliders."""
    with browser.new_context(viewport={"width": 1280, "height": 1000}) as context:
        page = context.new_page()
        page.add_init_script(WATCHED)
        page.goto(url)
        page.wait_for_selector("[data-drawn], .js-plotly-plot", timeout=60_000)
        at_rest(page)
        while (shy := page.get_by_role("button", name="Just show me")).count():  # all that a slider changes is measured
            shy.first.click()
            at_rest(page)
        sliders = page.get_by_test_id("stSlider").filter(visible=True)
        homes = [sliders.nth(place).get_by_role("slider").first.evaluate(HOME) for place in range(sliders.count())][:3]
        moves = [(place, step) for step in (1, -2, 3, -4, 5, -6, 7, -8) for place in range(len(homes))]
        found = [
            released(page, sliders.nth(place), homes[place], step)
            for place, step in moves[: rounds + 1]
            if place < sliders.count()  # one may hide another
        ]
    if timed := [times for times in found[1:] if times]:  # the first one imports what is new
        first, last = (quantiles([pick(times) for times in timed]) for pick in (min, max))
        yield url.rpartition("/")[2] if url.count("/") > 2 else "`bare.py`", len(timed), *first, *last


def at_rest(page: Page) -> None:
    """Wait until the server has answered and the browser has drawn it."""
    page.wait_for_timeout(500)
    page.wait_for_selector("[data-test-script-state=notRunning]", timeout=60_000)
    page.wait_for_timeout(1500)


def released(page: Page, slider: Locator, home: list[float], step: int) -> list[float]:
    """Drag a handle some steps away from where it stood at first: seconds until each picture that follows is drawn."""
    slider.scroll_into_view_if_needed()
    track = slider.get_by_role("group").locator("> div").bounding_box()
    length, middle = step * max(home[1], 0.05), track["y"] + track["height"] / 2
    there = min(max(home[0] + (length if 0 <= home[0] + length <= 1 else -length), 0), 1)
    page.mouse.move(track["x"] + home[0] * track["width"], middle)
    page.mouse.down()
    page.mouse.move(track["x"] + there * track["width"], middle, steps=3)
    page.mouse.up()
    page.wait_for_timeout(1200)
    return [milliseconds / 1000 for milliseconds in page.evaluate("window.drawn")]


def chromium() -> str | None:
    """Where the browser is."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def paint_table(rounds: int, cold: int) -> str:
    """Home against Streamlit's own demo, visited in turn by browsers with empty caches."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        fresh = [first_visits(browser, command) for _ in range(cold) for command in (HUB, HELLO)]
        with ExitStack() as stack:
            urls = [stack.enter_context(served(*HUB, ready="/healthz"))[0], stack.enter_context(served(*HELLO))[0]]
            visits = [visited(browser, url) for _ in range(rounds + 1) for url in urls][2:]
        browser.close()
    rows = []
    for place, label in enumerate(("Home", "`streamlit hello`")):
        paints, headings = zip(*visits[place::2], strict=True)
        rows.append((label, *quantiles(paints), *quantiles(headings), quantiles(fresh[place::2])[0]))
    note = (
        "Milliseconds from navigation to the first contentful paint and to the page's heading with its text, in "
        f"Chromium with an empty cache, {rounds} visits each, in turn. Last column: from starting the server's process "
        f"to the heading, median of {cold}."
    )
    head = ["Page", "First paint: median", "p95", "Heading: median", "p95", "From process start"]
    return table("First paint", note, head, rows)


def first_visits(browser: Browser, command: Sequence[str]) -> float:
    """Seconds from starting a server to the heading of its first visit."""
    start = time.perf_counter()
    with served(*command) as (url, _):
        opened = time.perf_counter() - start
        return opened + visited(browser, url)[1]


def visited(browser: Browser, url: str) -> tuple[float, float]:
    """Seconds until the first contentful paint and until the heading, in a browser profile of its own."""
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(HEADING)
        page.goto(url)
        heading = page.wait_for_function("() => window.headingAt", timeout=120_000).json_value()
        return page.wait_for_function(PAINTED).json_value() / 1000, heading / 1000


def memory_table(sessions: int) -> str:
    """Growth of the server's memory per open session, and what is left of it after they have closed."""
    rows = []
    with served(*HUB, ready="/healthz") as (url, process):
        watched = psutil.Process(process.pid)
        for slug in ["", *(topic.slug for topic in curriculum.topics())]:
            with suppress(PageFailedError):
                rows.append((slug or "Home", *growth(url, slug, watched, sessions)))
    note = (
        f"Growth of the server's resident memory per session, {sessions} sessions on one page at once, after one that "
        "filled the shared caches. The process as a whole is the last column."
    )
    return table("Memory per session", note, ["Page", "Megabytes per session", "Process, megabytes"], rows)


def growth(url: str, slug: str, process: psutil.Process, sessions: int) -> tuple[str, str]:
    """Megabytes per session and of the whole process, on one page."""
    with Session(url, slug) as first:
        first.answer()
        before = resident(process)
        with ExitStack() as stack:
            for _ in range(sessions):
                stack.enter_context(Session(url, slug))
            after = resident(process)
    return f"{(after - before) / sessions:.1f}", f"{after:.0f}"


def resident(process: psutil.Process) -> float:
    """Megabytes of resident memory, once they have settled."""
    time.sleep(1)
    return process.memory_info().rss / 1e6


if __name__ == "__main__":
    main()
