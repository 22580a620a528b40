"""Sort pictures of your own into classes: bring ten of each, train in seconds, ask why, take the classifier away.

``python -m demos.classifier.app`` opens it here; ``make space DEMO=classifier OUT=folder`` makes a Hugging Face Space.
"""

import gradio as gr

from core.projects.classifier.screen import (
    FIRST,
    LIMIT,
    classify,
    counted,
    emptied,
    learn,
    pack,
    renamed,
    sheet,
    start,
    with_files,
    with_shot,
    with_zip,
)
from demos.look import launch_settings


class Picture(gr.Image):
    """A picture handed on as the file it came in: Gradio's own opens it first, and what is no picture ends there in an
    error without a word."""

    is_template = True  # drawn as its parent is

    def preprocess(self, payload) -> str | None:
        """The file's path."""
        return payload.path if payload else None


def named(album) -> gr.Dropdown:
    """The classes to choose from."""
    return gr.Dropdown(list(album.names), value=None)


with gr.Blocks(title="Image classifier", analytics_enabled=False, delete_cache=(600, 600)) as demo:
    gr.Markdown(
        "# A classifier of your own\nTen pictures of each class are enough: a network that has seen a million others "
        "turns each into 1,280 features, and only the last layer is trained. Nothing you bring is kept."
    )
    album = gr.State(start(), time_to_live=3600)
    with gr.Tab("1 · Pictures"), gr.Row():
        with gr.Column(scale=2, min_width=300):
            name = gr.Textbox(label="Class", placeholder="cup", max_length=40)
            files = gr.File(file_count="multiple", file_types=["image"], label="Pictures of this class", height=150)
            shot = Picture(type="filepath", label="Or from the camera", sources=["webcam"], height=230)
            add_shot = gr.Button("Add the camera's picture to the class")
            packed = gr.File(file_types=[".zip"], label="Or a zip: a folder for each class", height=150)
            with gr.Accordion("Rename a class", open=False):
                old = gr.Dropdown([], label="Class to rename", allow_custom_value=True)
                new = gr.Textbox(label="New name", max_length=40)
                rename = gr.Button("Rename")
            empty = gr.Button("Begin with an empty album")
        with gr.Column(scale=3, min_width=320):
            told = gr.Textbox(FIRST, label="What happened", interactive=False, elem_id="told", lines=2)
            table = gr.Dataframe(headers=["Class", "Pictures"], label="Classes", interactive=False)
            gallery = gr.Gallery(label="Pictures", columns=6, height=430, object_fit="contain", buttons=[])
    with gr.Tab("2 · Train"):
        with gr.Row():
            augmentation = gr.Checkbox(label="Augmentation: three further looks at each training picture")
            seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=9999)
        train = gr.Button("Train", variant="primary")
        score = gr.Textbox(label="How good it is", interactive=False, elem_id="score")
        doubts = gr.Markdown()
    with gr.Tab("3 · Try"):
        with gr.Row():
            with gr.Column():
                tried = Picture(
                    type="filepath", label="A picture", sources=["upload", "webcam", "clipboard"], height=280
                )
            with gr.Column():
                sentence = gr.Textbox(label="Answer", interactive=False, elem_id="answer")
                chances = gr.Label(label="Probabilities", num_top_classes=8)
        with gr.Row():
            heat = gr.Image(label="Where the evidence lies (Grad-CAM)", height=260, interactive=False, buttons=[])
            alike = gr.Gallery(label="Training pictures most like it", columns=3, height=260, buttons=[])
    with gr.Tab("4 · Take away"):
        gr.Markdown(
            "One zip: safetensors, ONNX checked against torch, the names, and a program of 30 lines that runs it. With "
            "its pictures it can be brought back under “1 · Pictures”."
        )
        with_pictures = gr.Checkbox(True, label="With the pictures")
        make = gr.Button("Pack the classifier", variant="primary")
        progress = gr.Textbox(label="Progress", interactive=False, elem_id="packed")
        out = gr.File(label="classifier.zip", interactive=False)
    shown = {"fn": sheet, "inputs": album, "outputs": gallery, "api_visibility": "private"}
    rows = {"fn": counted, "inputs": album, "outputs": table, "api_visibility": "private"}
    choices = {"fn": named, "inputs": album, "outputs": old, "api_visibility": "private"}
    ways = (
        (files.upload, with_files, [album, name, files], "add_files"),
        (add_shot.click, with_shot, [album, name, shot], "add_shot"),
        (packed.upload, with_zip, [album, packed], "add_zip"),
        (rename.click, renamed, [album, old, new], "rename"),
        (empty.click, emptied, [], "empty"),
    )
    for event, function, given, address in ways:
        done = event(function, given, [album, told], api_name=address, concurrency_limit=2)
        done.then(**shown).then(**rows).then(**choices)
    demo.load(**shown).then(**rows).then(**choices)
    train.click(learn, [album, augmentation, seed], [score, doubts], api_name="train", concurrency_limit=1)
    tried.change(
        classify, [album, tried, augmentation, seed], [sentence, chances, heat, alike],
        api_name="classify", trigger_mode="always_last", concurrency_limit=2,
    )  # fmt: skip
    make.click(pack, [album, augmentation, seed, with_pictures], [progress, out], api_name="pack", concurrency_limit=1)

demo.queue(max_size=64, default_concurrency_limit=2)

if __name__ == "__main__":
    demo.launch(**launch_settings(), max_file_size=LIMIT)
