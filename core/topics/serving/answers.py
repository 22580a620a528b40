"""What a served network is asked, what it must answer, and its files."""

import json
from functools import lru_cache

import numpy as np
import torch

from core.deployment.onnx_writer import written
from core.deployment.subjects import Subject
from core.provenance import fingerprint


@lru_cache(maxsize=32)
def onnx_of(subject: Subject) -> bytes:
    """The network as an ONNX file."""
    return written(subject.model)


def row(subject: Subject) -> list[float]:
    """The subject's input as a flat list of numbers, short enough for a request that people read."""
    return [round(value, 3) for value in subject.example.flatten().tolist()]


def parameters(subject: Subject) -> int:
    """How many numbers the network has learned."""
    return sum(each.numel() for each in subject.model.parameters())


@torch.no_grad()
def probabilities(subject: Subject, rows: np.ndarray) -> np.ndarray:
    """Samples (samples, numbers) to probabilities (samples, classes), by torch."""
    logits = subject.model(torch.from_numpy(rows.astype(np.float32)).reshape(-1, *subject.example.shape[1:]))
    return torch.softmax((logits + torch.tensor(subject.shift)) / subject.temperature, dim=1).numpy()


def expected(subject: Subject) -> dict[str, float]:
    """What torch answers to the subject's input."""
    values = probabilities(subject, np.array([row(subject)]))[0]
    return dict(zip(subject.outputs, map(float, values), strict=True))


def about(subject: Subject, health: str, answers_json: bool) -> bytes:
    """What the served program has to know, in JSON."""
    known = {
        "shape": subject.example.shape[1:], "names": subject.outputs, "shift": subject.shift,
        "temperature": subject.temperature, "example": row(subject), "expected": expected(subject), "health": health,
        "answers json": answers_json, "parameters": parameters(subject),
        "network": fingerprint(onnx_of(subject).hex()),
    }  # fmt: skip
    return json.dumps(known, indent=1).encode()
