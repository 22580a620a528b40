"""Reading one picture in a program of its own, with the weights beside it."""

from pathlib import Path

from core.projects.mnist.drawing import digit
from core.projects.mnist.recognizer import NAMES, loaded


def read_beside(picture: str = "drawing.png", weights: str = "weights.safetensors") -> dict[str, float]:
    """The probabilities of a picture in a file, by name; nothing, and a sentence on the screen, where a file lacks."""
    from PIL import Image

    for name in (picture, weights):
        if not Path(name).is_file():
            print(f"Put {name} beside this program: a picture of one digit, and the weights from the page.")
            return {}
    model, calibration = loaded(Path(weights))
    chances = calibration(model(digit(Image.open(picture))[None]).detach())[0]
    return dict(zip(NAMES, chances.tolist(), strict=True))
