"""The drawing pad alone in a browser."""

import pytest
from browser import looking

from core.projects.mnist.screen import pad

COALESCED = {  # what browsers give between two pointer events
    "points": "",
    "an empty list": "PointerEvent.prototype.getCoalescedEvents = () => [];",
    "no such function": "delete PointerEvent.prototype.getCoalescedEvents;",
}
INKED = """() => {
  const canvas = document.querySelector("canvas"), { data } = canvas.getContext("2d").getImageData(0, 0, 400, 400);
  return [60, 120, 200, 280, 340].map(x => data[4 * (200 * 400 + x) + 3] > 0);
}"""


@pytest.mark.parametrize("given", COALESCED)
def test_a_stroke_is_drawn_whatever_the_browser_coalesces(given):
    script, style = pad()
    with looking(500, 600) as (page, watch):
        page.add_init_script(COALESCED[given])
        page.goto("about:blank")
        page.set_content(f'<style>{style} body {{ margin: 0 }}</style><div class="pad"></div>')
        page.add_script_tag(content=f"{script}; drawingPad(document.querySelector('.pad'), () => 0);")
        box = page.locator("canvas").bounding_box()
        at = lambda x: (box["x"] + x / 400 * box["width"], box["y"] + box["height"] / 2)  # noqa: E731
        page.mouse.move(*at(40))
        page.mouse.down()
        page.mouse.move(*at(360), steps=12)
        page.mouse.up()
        assert page.evaluate(INKED) == [True] * 5
        watch.clean()
