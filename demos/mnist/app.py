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
    examples,
    explained,
    read_drawing,
    read_files,
)

LAUNCH = {
    "max_file_size": LIMIT,
    "run_history": False,
    "footer_links": ["api"],
    "theme": gr.themes.Default(primary_hue="blue", neutral_hue="slate"),
}

with gr.Blocks(title="Digit recogniser", analytics_enabled=False, delete_cache=(600, 600)) as demo:
    gr.Markdown(
        "# Digit recogniser\nDraw one digit, with mouse, pen or finger. The answer follows every stroke. "
        "Nothing you draw is kept."
    )
    with gr.Tab("Draw"):
        with gr.Row():
            with gr.Column():
                pad = gr.Sketchpad(
                    type="pil", image_mode="RGBA", layers=False, fixed_canvas=True, canvas_size=(400, 400), height=520,
                    sources=(), transforms=(), label="Draw here", elem_id="pad", buttons=[],
                    brush=gr.Brush(default_size=18, colors=["#1b1b1b", "#c2185b", "#1565c0"], default_color="#1b1b1b"),
                )  # fmt: skip
                gr.Examples(examples(), pad, label="Or start from one of these")
            with gr.Column():
                sentence = gr.Textbox(label="Answer", interactive=False, elem_id="answer")
                chances = gr.Label(label="Probabilities", num_top_classes=11, elem_id="chances")
                seen = gr.Image(label="What the network sees: 28 × 28", height=224, interactive=False, buttons=[])
        pad.change(
            read_drawing, pad, [sentence, chances, seen],
            api_name="read_drawing", trigger_mode="always_last", show_progress="hidden", concurrency_limit=2,
        )  # fmt: skip
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
        ask.click(explained, pad, [words, speaking, alike], api_name="explain")
        ask.click(changed, [pad, wanted], [words, edit], api_name="smallest_edit")
    with gr.Tab("Many pictures"):
        gr.Markdown(f"PNG, JPEG, WebP, GIF or BMP, at most {LIMIT.upper()} each and {MOST_FILES} at once.")
        files = gr.File(file_count="multiple", file_types=["image"], label="Pictures of one digit each", height=180)
        table = gr.Dataframe(headers=COLUMNS, label="Answers", interactive=False, wrap=True)
        files.change(read_files, files, table, api_name="read_files")

demo.queue(max_size=64, default_concurrency_limit=2)

if __name__ == "__main__":
    demo.launch(**LAUNCH)
