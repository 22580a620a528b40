"""The network behind Gradio: a page for people, which programs can call too (gradio_client)."""

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
import network
import uvicorn
from fastapi import FastAPI


def predict(numbers: str) -> dict[str, float]:
    """Probabilities by class for one sample, written as numbers with commas between them."""
    try:
        x = network.samples(f'{{"inputs": [[{numbers}]]}}'.encode())
    except network.Invalid as error:
        raise gr.Error(str(error)) from None
    return dict(zip(network.NAMES, map(float, network.probabilities(x)[0]), strict=True))


example = ", ".join(map(str, network.ABOUT["example"]))
demo = gr.Interface(
    predict, gr.Textbox(example, label=f"{network.SIZE} numbers", max_length=50_000), gr.Label(label="Answer"),
    title="A small network", flagging_mode="never",
)  # fmt: skip
demo.queue(max_size=20, default_concurrency_limit=1)
web = FastAPI()


@web.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


app = gr.mount_gradio_app(web, demo, path="", max_file_size=network.MOST_BYTES, show_error=True)

if __name__ == "__main__":
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    uvicorn.run(app, host=host, port=port, log_level="warning")
