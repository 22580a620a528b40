"""The pictures of the projects that the front page shows, taken of the hub itself: ``python -m deploy.pictures URL``.

The hub must be running at the address. Each picture is a part of a lesson as it opens, small, in the light theme.
"""

import argparse
import io

from PIL import Image

from core.serving.files import PROJECTS

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


def main(arguments: list[str] | None = None) -> None:
    """Take all pictures anew."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(prog="python -m deploy.pictures", description="Pictures for the front page.")
    parser.add_argument("hub", help="where it runs, such as http://localhost:8501")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser")
    parser.add_argument("--only", nargs="+", default=list(PARTS), choices=list(PARTS), help="some of the projects")
    wanted = parser.parse_args(arguments)
    PROJECTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=wanted.chromium)
        page = browser.new_page(viewport={"width": 1280, "height": 1000}, color_scheme="light", device_scale_factor=1.5)
        for slug in wanted.only:
            part, across, down = PARTS[slug]
            page.goto(f"{wanted.hub.rstrip('/')}/{slug}")
            page.wait_for_timeout(PATIENCE)
            box = page.locator(part).first.bounding_box() or parser.error(f"/{slug} does not show {part}")
            width = min(box["width"], box["height"] * SIZE[0] / SIZE[1])
            height = width * SIZE[1] / SIZE[0]
            x, y = box["x"] + across * (box["width"] - width), box["y"] + down * (box["height"] - height)
            taken = page.screenshot(clip={"x": x, "y": y, "width": width, "height": height})
            picture = Image.open(io.BytesIO(taken)).convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
            path = PROJECTS / f"{slug}.webp"
            picture.save(path, quality=82, method=6)
            print(f"{path.name}: {path.stat().st_size / 1000:.1f} kB")


if __name__ == "__main__":
    main()
