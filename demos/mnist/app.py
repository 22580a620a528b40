"""Draw a digit and watch it being read; ask why; hand in many pictures at once.

``python -m demos.mnist.app`` opens it here; ``make space DEMO=mnist OUT=folder`` makes a Hugging Face Space of it.
"""

import gradio as gr

from core.projects.mnist.screen import (
    COLUMNS,
    DIGITS,
    LIMIT,
    MOST_FILES,
    changed,
    example,
    examples,
    explained,
    pad,
    read_drawing,
    read_files,
    steps_of,
)
from demos.look import launch_settings

SCRIPT, STYLE = pad()
CONNECT = """
let own = "";
const pad = drawingPad(element.querySelector(".pad"), (picture) => { props.value = own = picture; trigger("input"); });
watch("value", () => { if (props.value && props.value !== own) pad.show(props.value); });
pad.show(props.value, true);
"""
FIRST = example(3)  # what is on the pad until somebody draws


def started(chosen: gr.SelectData) -> str:
    """The training digit that was clicked, for the pad."""
    return example(chosen.index)


with gr.Blocks(title="Digit recognizer", analytics_enabled=False, delete_cache=(600, 600)) as demo:
    gr.Markdown(
        "# Digit recognizer\nDraw one digit, with mouse, pen or finger. The answer follows every stroke. "
        "Nothing you draw is kept."
    )
    with gr.Tab("Draw"):
        answer, probabilities, small = read_drawing(FIRST)
        with gr.Row():
            with gr.Column():
                drawing = gr.HTML(
                    FIRST, html_template='<div class="pad"></div>', css_template=STYLE, elem_id="pad", label="Drawing",
                    js_on_load=SCRIPT + CONNECT,
                )  # fmt: skip
                seen = gr.Image(
                    small, label="What the network sees: 28 × 28", height=224, interactive=False, buttons=[]
                )
                given = gr.Gallery(
                    examples(), label="Or start from a training digit", columns=5, height=240, object_fit="contain",
                    allow_preview=False, buttons=[], elem_id="examples",
                )  # fmt: skip
            with gr.Column():
                sentence = gr.Textbox(answer, label="Answer", interactive=False, elem_id="answer")
                chances = gr.Label(probabilities, label="Probabilities", num_top_classes=11, elem_id="chances")
        drawing.input(
            read_drawing, drawing, [sentence, chances, seen],
            api_name="read_drawing", trigger_mode="always_last", show_progress="hidden", concurrency_limit=2,
        )  # fmt: skip
        given.select(started, None, drawing, api_visibility="private", show_progress="hidden")
        gr.Markdown("## Why?")
        with gr.Row():
            wanted = gr.Dropdown(DIGITS, value=DIGITS[3], label="Change it into")
            ask = gr.Button("Explain this answer", variant="primary")
        words = gr.Markdown()
        with gr.Row():
            speaking = gr.Image(
                label="Pixels that spoke for the answer (blue) and against it (orange)",
                height=224, interactive=False, buttons=[],
            )  # fmt: skip
            edit = gr.Image(label="The smallest edit", height=224, interactive=False, buttons=[])
        alike = gr.Gallery(label="Training digits most like it", columns=8, height=200, buttons=[])
        ask.click(explained, drawing, [words, speaking, alike], api_name="explain")
        ask.click(changed, [drawing, wanted], [words, edit], api_name="smallest_edit")
    with gr.Tab("A photograph"):
        gr.Markdown(
            "Digits on paper, plain, ruled or squared, in any light. Each step to the answer is shown: the picture as "
            "it came; how much darker each place is than the paper around it; long straight lines, which are taken "
            "away; the strokes that are left; what the network sees of them."
        )
        photograph = gr.Image(type="filepath", label="Photograph", sources=["upload", "webcam"], height=260)
        told = gr.Textbox(label="Answer", interactive=False, elem_id="told")
        steps = gr.Gallery(label="The steps", columns=3, height=420, object_fit="contain", buttons=[])
        photograph.change(steps_of, photograph, [told, steps], api_name="read_photograph")
    with gr.Tab("Many pictures"):
        gr.Markdown(f"PNG, JPEG, WebP, GIF or BMP, at most {LIMIT.upper()} each and {MOST_FILES} at once.")
        files = gr.File(file_count="multiple", file_types=["image"], label="Pictures of digits", height=180)
        table = gr.Dataframe(headers=COLUMNS, label="Answers", interactive=False, wrap=True)
        files.change(read_files, files, table, api_name="read_files")

demo.queue(max_size=64, default_concurrency_limit=2)

if __name__ == "__main__":
    demo.launch(**launch_settings(), max_file_size=LIMIT)
