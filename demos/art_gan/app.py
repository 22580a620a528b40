"""A painter of fruit watercolours: pictures by seed and group, a map to drag on, films, and a game against its critic.

``python -m demos.art_gan.app`` opens it here; ``make space DEMO=art_gan OUT=folder`` makes a Hugging Face Space of it.
"""

from typing import Any

import gradio as gr

from core.projects.art.match import BUTTONS
from core.projects.art.screen import LARGEST, described, film, gallery, pair, place
from core.projects.art.shipped import GROUPS, measures
from demos.look import launch_settings

STYLE = """
.sheet { width: 100%; max-width: 420px; aspect-ratio: 1; border: 1px solid #8886; border-radius: 6px;
  position: relative; touch-action: none; cursor: crosshair;
  background: linear-gradient(90deg, #df712633, transparent 50%, #2f6fb733), linear-gradient(#8882, transparent 60%); }
.sheet i { position: absolute; width: 18px; height: 18px; margin: -9px; border: 3px solid #444; border-radius: 50%;
  box-shadow: 0 0 0 2px #fff; left: 50%; top: 50%; }
"""
DRAG = """
const sheet = element.querySelector(".sheet"), dot = element.querySelector("i");
let down = false, x = 0.5, y = 0.5;
const put = () => {
  dot.style.left = `${100 * x}%`;
  dot.style.top = `${100 * y}%`;
  props.value = `${x.toFixed(3)},${y.toFixed(3)}`;
  trigger("input");
};
const within = (value) => Math.min(1, Math.max(0, value));
const to = (event) => {
  const box = sheet.getBoundingClientRect();
  x = within((event.clientX - box.left) / box.width);
  y = within((event.clientY - box.top) / box.height);
  put();
};
sheet.onpointerdown = (event) => { sheet.setPointerCapture(event.pointerId); down = true; to(event); };
sheet.onpointermove = (event) => down && to(event);
sheet.onpointerup = sheet.onpointercancel = () => { down = false; };
sheet.onkeydown = (event) => {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!step) return;
  event.preventDefault();
  x = within(x + step[0] / 40);
  y = within(y + step[1] / 40);
  put();
};
"""
PAIR = "#pair { max-width: 640px } #pair .grid-container { grid-template-columns: 1fr 1fr !important }"


def seed_field(value: int) -> gr.Number:
    """A seed, the same for everybody."""
    return gr.Number(value, label="Seed", precision=0, minimum=0, maximum=LARGEST)


with gr.Blocks(title="A painter out of noise", analytics_enabled=False, delete_cache=(600, 600)) as demo:
    gr.Markdown(
        "# A painter out of noise\nA generative adversarial network paints watercolours of fruit, 64 × 64 pixels. It "
        f"learned from {measures()['learned']:,} public-domain paintings. {measures()['credit']}"
    )
    with gr.Tab("Gallery"), gr.Row():
        with gr.Column(scale=1, min_width=240):
            fruit = gr.Dropdown(list(GROUPS), value=GROUPS[0], label="Fruit")
            other = gr.Dropdown(list(GROUPS), value=GROUPS[1], label="Mixed with")
            mixed = gr.Slider(0, 1, 0, step=0.05, label="Share of the other")
            truncation = gr.Slider(0, 1.3, 1, step=0.05, label="Truncation")
            first = seed_field(0)
            told = gr.Textbox(label="Measured", interactive=False, elem_id="measured", lines=3)
        with gr.Column(scale=3, min_width=320):
            painted = gr.Gallery(label="Painted", columns=6, height=330, object_fit="contain", buttons=[])
            near = gr.Gallery(
                label="The training picture nearest to each", columns=6, height=330, object_fit="contain", buttons=[]
            )
    with gr.Tab("Map"), gr.Row():
        with gr.Column(scale=1, min_width=280):
            left = gr.Dropdown(list(GROUPS), value=GROUPS[0], label="Left")
            right = gr.Dropdown(list(GROUPS), value=GROUPS[7], label="Right")
            corner = seed_field(0)
            spot = gr.HTML(
                html_template='<div class="sheet" tabindex="0" role="application" aria-label="Map: drag, or press the '
                'arrow keys"><i></i></div>', css_template=STYLE, elem_id="map", label="Map", js_on_load=DRAG,
            )  # fmt: skip
        with gr.Column(scale=1, min_width=280):
            here = gr.Image(label="Here", height=420, interactive=False, buttons=[])
            where = gr.Textbox(label="Where", interactive=False, elem_id="where")
    with gr.Tab("Film"), gr.Row():
        with gr.Column(scale=1, min_width=240):
            start = gr.Dropdown(list(GROUPS), value=GROUPS[0], label="From")
            end = gr.Dropdown(list(GROUPS), value=GROUPS[2], label="To")
            stops = gr.Slider(2, 6, 3, step=1, label="Stops")
            frames = gr.Slider(8, 40, 20, step=1, label="Frames a leg")
            reel = seed_field(0)
            shoot = gr.Button("Make the film", variant="primary")
        with gr.Column(scale=2, min_width=320):
            moving = gr.Image(label="Film", height=380, interactive=False, buttons=[], type="filepath")
            files = gr.File(label="Take away: GIF and MP4", interactive=False, file_count="multiple")
            length = gr.Textbox(label="Film", interactive=False, elem_id="film")
    with gr.Tab("Which one is real?"):
        guesses = gr.State("")
        standing = gr.Textbox(label="Game", interactive=False, elem_id="standing")
        with gr.Column(elem_id="pair"):
            both = gr.Gallery(label="Pair", columns=2, object_fit="contain", buttons=[], allow_preview=False)
        with gr.Row():
            answers = [gr.Button(words) for words in BUTTONS]
        with gr.Row():
            match = seed_field(0)
            again = gr.Button("Begin")
    settings = [fruit, other, mixed, truncation, first]
    for control in settings:
        control.change(
            gallery, settings, [painted, near, told], api_visibility="private", trigger_mode="always_last"
        )  # fmt: skip
    demo.load(gallery, settings, [painted, near, told], api_visibility="private")
    drag: dict[str, Any] = {"trigger_mode": "always_last", "show_progress": "hidden", "concurrency_limit": 2}
    spot.input(place, [left, right, corner, spot], [here, where], api_name="place", **drag)
    middle = gr.State("0.5,0.5")
    for control in (left, right, corner):
        control.change(place, [left, right, corner, middle], [here, where], api_visibility="private", **drag)
    demo.load(place, [left, right, corner, middle], [here, where], api_visibility="private")
    shoot.click(film, [start, end, stops, frames, reel], [moving, files, length], api_name="film", concurrency_limit=1)
    for button, letter in zip(answers, BUTTONS.values(), strict=True):
        button.click(lambda typed, own=letter: typed + own, guesses, guesses, api_visibility="private").then(
            pair, [match, guesses], [both, standing], api_visibility="private"
        )  # fmt: skip
    again.click(lambda: "", None, guesses, api_visibility="private").then(
        pair, [match, guesses], [both, standing], api_visibility="private"
    )  # fmt: skip
    demo.load(pair, [match, guesses], [both, standing], api_visibility="private")
    numbers = gr.JSON(visible=False)
    gr.Button(visible=False).click(described, settings, numbers, api_name="paint", concurrency_limit=2)

demo.queue(max_size=24, default_concurrency_limit=2)

if __name__ == "__main__":
    demo.launch(**launch_settings(PAIR), max_file_size="1mb")
