"""Views whose work takes longer: the learning curve, fine-tuning, taking the classifier away."""

import functools

from core.figures.curves import bands
from core.lessons import Question
from core.lessons.view import Shown
from core.projects.classifier import curve, export, figures, finetune
from core.projects.classifier.gallery import Picture
from core.projects.classifier.incoming import finished
from core.projects.classifier.study import Study, Trained
from core.projects.classifier.views import QUICK

# More pictures


@functools.lru_cache(maxsize=16)
def measured_at_once(study: Study, pictures: tuple[Picture, ...]) -> curve.Curve:
    """The learning curve of a few pictures, while the learner waits."""
    return finished(curve.measuring(study, pictures))


def curve_work(found: Trained) -> tuple:
    """How the learning curve is measured (``Page.worked``): whether it is quick, at once, as a job, of what."""
    quick = len(found.album.pictures) <= QUICK
    return quick, measured_at_once, curve.measuring, found.study, found.album.pictures


def more_pictures(measured: curve.Curve) -> Shown:
    """The learning curve, and whether its end still rises."""
    axis = {"range": [0, 1.04], "tickformat": ".0%"}
    ticks = {"type": "log", "tickvals": list(measured.sizes), "ticktext": list(map(str, measured.sizes))}
    picture = bands(measured.sizes, measured.accuracies, ("Training pictures of each class", "Held-out accuracy"), 400,
                    yaxis=axis, xaxis=ticks)  # fmt: skip
    return Shown(((picture,),), f"{measured.sentence} Bands: {curve.SPLITS} random choices of the pictures.")


def rising(measured: curve.Curve) -> Question:
    """Whether the learning curve's last step did more than chance."""
    options = ["Yes, accuracy still rises", "No, the last ones made it no better, beyond chance"]
    return Question(
        f"A head is trained on 1, 2, 3 … {measured.sizes[-1]} pictures of each class. Would more pictures help?",
        options,
        options[0] if measured.rises else options[1],
        "Where features fit the classes few examples separate them, and then it takes pictures of another kind; as "
        "long as classes are still confused, more of them help.",
    )


# Fine-tuning and taking away


def untuned(found: Trained) -> Shown:
    """What would be trained."""
    right, held_out = found.study.score
    weights = sum(part.numel() for part in finetune.LastBlock(found.study).parameters())
    note = (
        f"With fixed features {right} of {held_out} held-out pictures are right. Fine-tuning also trains the network's "
        f"last part, {weights / 1e6:.1f} million weights, on {finetune.SPLITS} splits. It can bend the features "
        "towards your pictures, or towards the few that are learned from."
    )
    return Shown(((figures.classes(found.album, 8, found.study.held_out.nonzero()[:, 0].tolist()),),), note)


def tuning(tuned: finetune.Tuned) -> Shown:
    """Accuracy by epoch on both sides of the split."""
    curves = {"learned from": tuned.learned, "held out": tuned.held_out}
    percent = {"range": [0, 1.04], "tickformat": ".0%"}
    epochs = list(range(tuned.held_out.shape[1]))
    picture = bands(epochs, curves, ("Epoch", "Accuracy"), 380, yaxis=percent)
    return Shown(((picture,),), tuned.sentence)


def tuned_files(tuned: finetune.Tuned | None) -> list[tuple[str, str, bytes]]:
    """The tuned weights to take away, once there are some."""
    from safetensors.torch import save

    name = "last-block.safetensors"
    return [("Tuned weights (safetensors)", name, save(tuned.weights))] if tuned else []


def taken(found: Trained) -> Shown:
    """What the zip will be about."""
    note = (
        "One zip: the weights as safetensors, the whole classifier as ONNX, checked against torch on your pictures, "
        f"the names, and `{export.PROGRAM}`, a program of 30 lines that runs it without this lab. A zip with its "
        "pictures can be brought back: *Pictures*, *your pictures*, *Zip or folder*."
    )
    return Shown(((figures.classes(found.album, 8),),), note)


def zipped(made: export.Export) -> tuple[str, str, bytes]:
    """The zip to take away."""
    return "The classifier (zip)", "classifier.zip", made.content
