"""Watch a network drive a track it has never seen, see what it looks at, and disturb it.

``python -m demos.driving.app`` opens it here; ``make space DEMO=driving OUT=folder`` makes a Hugging Face Space of it.
"""

import gradio as gr

from core.projects.driving.disturb import COLOURS
from core.projects.driving.screen import cockpit
from core.projects.driving.stream import DRIVERS, measured, opening, streamed
from demos.look import launch_settings

SCRIPT, STYLE = cockpit()
CONNECT = """
let drive = "", known = 0;
const pit = cockpit(element.querySelector(".pit"), () => {}, { mode: "watch", follows: true, again: false });
watch("value", () => {
  if (!props.value) return;
  const told = JSON.parse(props.value);
  if (told.drive === "recorded" && drive) return; // somebody was quicker than the film
  if (told.drive !== drive) { drive = told.drive; known = 0; pit.follow(drive); }
  told.messages.slice(Math.max(known - told.first, 0)).forEach((message) => pit.take(message));
  known = Math.max(known, told.first + told.messages.length);
});
"""

with gr.Blocks(title="Self-driving", analytics_enabled=False, delete_cache=(600, 600)) as demo:
    gr.Markdown(
        "# Self-driving\nA small network drives CarRacing from its pixels alone. It has never seen a track whose seed "
        "is below 500,000. The yellow haze is where its features come from."
    )
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            screen = gr.HTML(
                html_template='<div class="pit"></div>', css_template=STYLE, elem_id="screen", label="Drive",
                js_on_load=SCRIPT + CONNECT,
            )  # fmt: skip
            with gr.Row():
                go = gr.Button("Drive", variant="primary")
                halt = gr.Button("Stop")
            sentence = gr.Textbox(label="How it went", interactive=False, elem_id="sentence")
        with gr.Column(scale=1, min_width=260):
            seed = gr.Number(7, label="Track seed", precision=0, minimum=0, maximum=2**31 - 1, elem_id="seed")
            who = gr.Radio(list(DRIVERS), value="network", label="At the wheel")
            push = gr.Slider(0, 30, 0, step=1, label="Push every two seconds")
            blur = gr.Slider(0, 8, 0, step=1, label="Blur")
            dark = gr.Slider(0, 1, 0, step=0.05, label="Darkness")
            drop = gr.Slider(0, 0.95, 0, step=0.05, label="Lost frames")
            colours = gr.Radio(list(COLOURS), value="rgb", label="Order of the colours it gets")
    settings = [seed, who, push, blur, dark, drop, colours]
    drive = go.click(
        streamed, settings, [screen, sentence],
        api_visibility="private", show_progress="hidden", concurrency_limit=None, trigger_mode="once",
    )  # fmt: skip
    demo.load(opening, None, screen, api_visibility="private", show_progress="hidden", queue=False)
    halt.click(None, cancels=[drive], api_visibility="private")
    answer = gr.JSON(visible=False)
    gr.Button(visible=False).click(measured, settings, answer, api_name="drive", concurrency_limit=1)

demo.queue(max_size=24, default_concurrency_limit=2)

if __name__ == "__main__":
    demo.launch(**launch_settings(), max_file_size="1mb")
