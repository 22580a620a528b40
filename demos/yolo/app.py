"""Find drawings and digits in a picture, a video or before the webcam; move the thresholds without asking again.

``python -m demos.yolo.app`` opens it here; ``make space DEMO=yolo OUT=folder`` makes a Hugging Face Space of it.
"""

import gradio as gr

from core.projects.detection.exports import FORMATS
from core.projects.detection.models import PUBLISHED
from core.projects.detection.screen import (
    COLUMNS,
    CONFIDENCE,
    LIMIT,
    MOST,
    SUPPRESSED_COLUMNS,
    Looked,
    described_file,
    drawn_sheet,
    example_files,
    exported,
    filmed,
    glimpsed,
    look,
    named_classes,
    offered,
    shown,
    stop,
)
from demos.look import launch_settings

EXAMPLES = example_files()


def looked(path: str | None, model: str, parts: int, download: bool) -> tuple[Looked | None, str, dict]:
    """Ask the network once; the class filter gets the model's names."""
    found, sentence = look(path, model, parts, download)
    return found, sentence, gr.update(choices=named_classes(found), value=[])


def taken_away(found: Looked | None, confidence: float, most: float, wanted: list[str], kind: str) -> dict:
    """The file with what is found, shown once it is there."""
    path = exported(found, confidence, most, wanted, kind)
    return gr.update(value=path, visible=path is not None)


def filmed_for(path: str | None, confidence: float, most: float, every: int, request: gr.Request):
    """A video looked at, until this visitor stops it."""
    yield from filmed(path, confidence, most, every, str(request.session_hash))


def stopped(request: gr.Request) -> str:
    """Stop this visitor's video."""
    return stop(str(request.session_hash))


def chosen(event: gr.SelectData) -> str:
    """The example that was clicked."""
    return EXAMPLES[event.index][0]


with gr.Blocks(title="Object detection with YOLO", analytics_enabled=False, delete_cache=(600, 600)) as demo:
    gr.Markdown(
        "# Object detection with YOLO\nDraw an apple, a bicycle, a cat, a diamond, an eye, a fish, a rainbow, a train "
        "or digits on paper, and show the sheet. The network looks once; the sliders then act on all that it proposed."
    )
    with gr.Row():
        confidence = gr.Slider(
            0.05, 0.95, CONFIDENCE, step=0.01, label="Confidence", min_width=280, elem_id="confidence"
        )
        most = gr.Slider(
            0.05, 0.95, MOST, step=0.01, label="IoU above which the less sure box is suppressed", min_width=280
        )
    with gr.Tab("Picture"):
        memory = gr.State(None)
        with gr.Row():
            with gr.Column():
                picture = gr.Image(
                    type="filepath", label="Picture", sources=["upload", "webcam", "clipboard"], height=320,
                    elem_id="picture",
                )  # fmt: skip
                given = gr.Gallery(
                    EXAMPLES, label="Or an example the network never saw", columns=5, height=150, object_fit="contain",
                    allow_preview=False, buttons=[], elem_id="examples",
                )  # fmt: skip
                with gr.Accordion("Or draw", open=False):
                    canvas = gr.ImageEditor(
                        label="Sheet", type="numpy", image_mode="RGB", canvas_size=(512, 512), height=420, sources=[],
                        brush=gr.Brush(default_size=7, colors=["#1a1a2e", "#b3121d", "#12479e"]), transforms=[],
                        layers=False,
                    )  # fmt: skip
            with gr.Column():
                result = gr.Image(label="What is found", interactive=False, height=420, elem_id="result")
                sentence = gr.Textbox(label="Found", interactive=False, elem_id="found", lines=2)
                speed = gr.Textbox(label="What the network did", interactive=False, elem_id="speed", lines=2)
        with gr.Row():
            wanted = gr.Dropdown(
                named_classes(None), value=[], multiselect=True, label="Only these classes (type to search)",
                min_width=280,
            )  # fmt: skip
            with_suppressed = gr.Checkbox(False, label="Show suppressed boxes too", min_width=280)
            parts = gr.Radio([1, 2, 3, 4], value=1, label="Views along the shorter side (more find smaller things)")
        with gr.Accordion("Another model", open=False):
            model = gr.Dropdown(
                ["Drawings", *(f"{name}.pt" for name in PUBLISHED)], value="Drawings", allow_custom_value=True,
                label="Detector of Ultralytics by name",
            )  # fmt: skip
            download = gr.Checkbox(False, label="It may be downloaded")
            terms = gr.Markdown(offered("Drawings"))
        table = gr.Dataframe(headers=COLUMNS, label="Detections, surest first", interactive=False)
        lost = gr.Dataframe(headers=SUPPRESSED_COLUMNS, label="Suppressed boxes, and by whom", interactive=False)
        with gr.Row():
            kind = gr.Radio(list(FORMATS), value="JSON", label="Take away as")
            save = gr.Button("Make the file")
            file = gr.File(label="File", interactive=False, height=80, visible=False)
        settings, seen = [memory, confidence, most, wanted, with_suppressed], [result, sentence, table, lost]
        gr.on(
            [picture.change, parts.input, model.change, download.input], looked,
            [picture, model, parts, download], [memory, speed, wanted], api_visibility="private",
        ).then(shown, settings, seen, show_progress="hidden", api_visibility="private")  # fmt: skip
        gr.on(
            [confidence.input, most.input, wanted.change, with_suppressed.input],
            shown,
            settings,
            seen,
            show_progress="hidden",
            trigger_mode="always_last",
            api_visibility="private",
        )
        canvas.change(
            drawn_sheet,
            canvas,
            picture,
            show_progress="hidden",
            trigger_mode="always_last",
            api_visibility="private",
        )
        given.select(chosen, None, picture, show_progress="hidden", api_visibility="private")
        model.change(offered, model, terms, show_progress="hidden", api_visibility="private")
        save.click(taken_away, [memory, confidence, most, wanted, kind], file, api_visibility="private")
    with gr.Tab("Video"):
        gr.Markdown("At most two minutes. Stop, and what was looked at until then is kept.")
        with gr.Row():
            video = gr.Video(label="Video", sources=["upload", "webcam"], height=320)
            annotated = gr.Video(label="With boxes", interactive=False, height=320)
        every = gr.Radio([1, 2, 5, 10], value=2, label="Look at every … frame")
        with gr.Row():
            start, halt = gr.Button("Look at the video", variant="primary"), gr.Button("Stop")
        told = gr.Textbox(label="Progress", interactive=False, elem_id="told")
        frame = gr.Image(label="The frame just looked at", interactive=False, height=320)
        start.click(
            filmed_for, [video, confidence, most, every], [frame, told, annotated], api_name="detect_video",
            concurrency_limit=1, show_progress="hidden",
        )  # fmt: skip
        halt.click(stopped, None, told, show_progress="hidden", api_visibility="private", queue=False)
    with gr.Tab("Webcam"):
        gr.Markdown("Hold a drawing before the camera. Frames are looked at as fast as this machine can; none is kept.")
        with gr.Row():
            live = gr.Image(sources=["webcam"], streaming=True, type="numpy", label="Webcam", height=360)
            boxes = gr.Image(label="With boxes", interactive=False, height=360)
        live.stream(
            glimpsed, [live, confidence, most], boxes, stream_every=0.2, concurrency_limit=1, show_progress="hidden",
            api_visibility="private",
        )  # fmt: skip
    demo.load(lambda: EXAMPLES[0][0], None, picture, show_progress="hidden", api_visibility="private")
    sent, answer = gr.File(visible=False, type="filepath"), gr.JSON(visible=False)
    sent.upload(described_file, [sent, confidence, most], answer, api_name="detect")

demo.queue(max_size=32, default_concurrency_limit=2)

if __name__ == "__main__":
    demo.launch(**launch_settings(), max_file_size=LIMIT)
