"""Pictures taken of the hub itself, which must be running at the address, in the light theme.

``python -m deploy.pictures URL`` takes those of the projects that the front page shows, small, each a part of a lesson
as it opens; ``python -m deploy.pictures URL --readme`` the README's two pictures and its film of twenty seconds.
"""

import argparse
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from core.serving.files import PROJECTS

if TYPE_CHECKING:
    from playwright.sync_api import Page

SIZE = (384, 240)  # pixels: twice what the front page gives them
PARTS = {  # the part of the lesson that is taken, and where in it the picture lies: 0 is left or top, 1 right or bottom
    "digit-recognizer": (".rl-stage", 0, 0),
    "image-classifier": (".rl-stage", 0, 0),
    "object-detection": ("canvas", 0, 0),
    "art-gan": (".rl-stage", 0.5, 0),
    "chatbot": (".talk", 1, 0),
    "self-driving": (".cp-road", 0, 0.5),
}
PATIENCE = 9_000  # milliseconds until a lesson stands still
SHOWN = PROJECTS.parent
PLAYGROUND = "mlp?mlp.data=spiral&mlp.hidden_layers=3"
FILM = (800, 537)  # pixels, of a window half as wide again
LOOK, STEP = 2_400, 300  # milliseconds that a still picture and a moving one stand in it


def main(arguments: list[str] | None = None) -> None:
    """Take all pictures anew."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(prog="python -m deploy.pictures", description="Pictures of the hub.")
    parser.add_argument("hub", help="where it runs, such as http://localhost:8501")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser")
    parser.add_argument("--only", nargs="+", default=list(PARTS), choices=list(PARTS), help="some of the projects")
    parser.add_argument("--readme", action="store_true", help="those of the README instead")
    wanted = parser.parse_args(arguments)
    PROJECTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=wanted.chromium)
        page = browser.new_page(
            viewport={"width": 1280, "height": 1000},
            color_scheme="light",
            device_scale_factor=1 if wanted.readme else 1.5,
        )
        hub = wanted.hub.rstrip("/")
        for path in readme(page, hub) if wanted.readme else projects(page, hub, wanted.only):
            print(f"{path.name}: {path.stat().st_size / 1000:.1f} kB")


def projects(page: "Page", hub: str, wanted: list[str]) -> Iterator[Path]:
    """A part of each project's lesson."""
    for slug in wanted:
        part, across, down = PARTS[slug]
        opened(page, f"{hub}/{slug}")
        box = page.locator(part).first.bounding_box()
        if box is None:
            raise SystemExit(f"/{slug} does not show {part}")
        width = min(box["width"], box["height"] * SIZE[0] / SIZE[1])
        height = width * SIZE[1] / SIZE[0]
        x, y = box["x"] + across * (box["width"] - width), box["y"] + down * (box["height"] - height)
        taken = page.screenshot(clip={"x": x, "y": y, "width": width, "height": height})
        picture = Image.open(io.BytesIO(taken)).convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
        path = PROJECTS / f"{slug}.webp"
        picture.save(path, quality=82, method=6)
        yield path


def readme(page: "Page", hub: str) -> Iterator[Path]:
    """The front page, the playground, and the film."""
    for name, place in (("home", ""), ("playground", PLAYGROUND)):
        page.set_viewport_size({"width": 1280, "height": 900})
        opened(page, f"{hub}/{place}")
        told(page)
        page.get_by_test_id("stMain").evaluate("one => one.scrollTo(0, 0)")
        path = SHOWN / f"{name}.png"
        page.screenshot(path=path)
        yield path
    page.set_viewport_size({"width": FILM[0] * 3 // 2, "height": FILM[1] * 3 // 2})
    stills, times = zip(*film(page, hub), strict=True)
    path = SHOWN / "lab.gif"
    stills[0].save(path, save_all=True, append_images=stills[1:], duration=times, loop=0, optimize=True)
    yield path


def film(page: "Page", hub: str) -> Iterator[tuple[Image.Image, int]]:
    """The roadmap, a spiral learned and rewound, fewer layers, shoes painted out of noise: pictures and how long each
    one stands, in milliseconds."""
    opened(page, hub)
    yield still(page), LOOK
    opened(page, f"{hub}/{PLAYGROUND}")
    told(page)
    stage = page.locator(".rl-stage").first
    stage.evaluate("one => one.scrollIntoView({block: 'start'})")
    yield still(page), LOOK
    yield from played(page, 12)
    page.get_by_role("slider", name="Hidden layers").first.evaluate("one => one.scrollIntoView({block: 'center'})")
    page.get_by_role("slider", name="Hidden layers").first.focus()
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(1_500)
        yield still(page), LOOK
    opened(page, f"{hub}/diffusion?diffusion.view=Pictures")
    told(page)
    page.locator(".rl-stage").first.evaluate("one => one.scrollIntoView({block: 'start'})")
    yield from played(page, 12)
    yield still(page), LOOK


def played(page: "Page", count: int) -> Iterator[tuple[Image.Image, int]]:
    """So many moments of the first replay on a page."""
    scrubber = page.locator(".rl-bar input").first
    end = int(scrubber.get_attribute("max") or 0)
    for moment in range(count):
        scrubber.evaluate(
            "(one, value) => { one.value = value; one.dispatchEvent(new Event('input')); }",
            round(end * moment / (count - 1)),
        )
        page.wait_for_timeout(300)
        yield still(page), STEP


def still(page: "Page") -> Image.Image:
    """What the window shows, in the colours of a film."""
    taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB").resize(FILM, Image.Resampling.LANCZOS)
    return taken.quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def opened(page: "Page", address: str) -> None:
    """Open a page and wait until it stands still."""
    page.goto(address)
    page.wait_for_timeout(PATIENCE)


def told(page: "Page") -> None:
    """Have a page show what it asks about first."""
    while (shy := page.get_by_role("button", name="Just show me")).count():
        shy.first.click()
        page.wait_for_timeout(2_000)


if __name__ == "__main__":
    main()
