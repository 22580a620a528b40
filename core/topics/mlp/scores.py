"""How good a run is, in exact numbers: loss and score, the confusion matrix, and what its layers' units are doing."""

import torch

from core.probes.layers import activations, dead, saturated
from core.training import Run


def measures(run: Run) -> list[dict[str, str]]:
    """Loss and score at the end and at the best moment, as a table."""
    score = "accuracy" if run.data.classes else "R²"
    return [
        {
            "Moment": f"{name}, epoch {epoch.number}", "Training loss": f"{epoch.train_loss:.5f}",
            "Held-out loss": f"{epoch.test_loss:.5f}", f"Training {score}": f"{epoch.train_score:z.2%}",
            f"Held-out {score}": f"{epoch.test_score:z.2%}",
        }
        for name, epoch in (("end", run.last), ("lowest held-out loss", run.best))
    ]  # fmt: skip


@torch.no_grad()
def predicted(run: Run) -> torch.Tensor:
    """The classes that the trained network gives the held-out samples, (samples,)."""
    outputs = run.at()(run.data.x_test)
    return outputs.argmax(dim=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0).long()


def confusion(run: Run) -> torch.Tensor:
    """How many held-out samples of each class (rows) are taken for each class (columns)."""
    count = len(run.data.classes)
    return torch.bincount(run.data.y_test * count + predicted(run), minlength=count * count).reshape(count, count)


def confusion_rows(run: Run) -> list[dict[str, str]]:
    """The confusion matrix as a table, with the share of each class that is found; the errors of a regression."""
    if not run.data.classes:
        with torch.no_grad():
            errors = (run.at()(run.data.x_test) - run.data.y_test).abs()
        parts = {"median": errors.median(), "mean": errors.mean(), "largest": errors.max()}
        return [{"Held-out error": name, "Size": f"{value.item():.4f}"} for name, value in parts.items()]
    matrix, names = confusion(run), run.data.classes
    return [
        {"Held-out samples of": names[true], **{f"taken for {name}": str(int(count)) for name, count in
         zip(names, row, strict=True)}, "found": f"{row[true].item() / max(int(row.sum()), 1):.1%}"}
        for true, row in enumerate(matrix)
    ]  # fmt: skip


@torch.no_grad()
def layer_rows(run: Run) -> list[dict[str, str]]:
    """What the units of each layer answer to the training samples: mean, deviation, silent and saturated ones."""
    model, rows = run.at(), []
    for place, answer in enumerate(activations(model, run.data.x)):
        hidden = place < len(model.hidden)
        kind = model.activations[place] if hidden else "linear"
        module = (
            next((m for m in model.hidden[place] if isinstance(m, torch.nn.Sigmoid | torch.nn.Tanh)), None)
            if hidden
            else None
        )
        rows.append({
            "Layer": f"hidden {place + 1}" if hidden else "output", "Activation": kind,
            "Mean": f"{answer.mean().item():.3f}", "Deviation": f"{answer.std().item():.3f}",
            "Silent units": f"{int(dead(answer).sum())} of {answer.shape[1]}" if kind == "ReLU" else "–",
            "Answers at an end": f"{saturated(module, answer).float().mean().item():.0%}" if module else "–",
        })  # fmt: skip
    return rows
