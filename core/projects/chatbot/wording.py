"""The words of a text, and how well texts answer the words of a question (BM25; Robertson and Zaragoza, 2009)."""

import math
import re
from collections import Counter
from collections.abc import Sequence

WORDS = re.compile(r"[a-z0-9]+")
IDLE = frozenset(
    WORDS.findall(
        "a about after all also an and any are as at back be been before being between but by can could did do does "
        "each every example explain find first for from get give go good had has have here how i if in into is it its "
        "just kind know learn let like make many me mean more most much my need no not now of on one only or other our "
        "out own please really same say see shall should show so some something still such take tell than that the "
        "their them then there they thing this to too try turn two up us use used very want was way we were what when "
        "where which while who why will with work would write yes you your"
    )
)
ENDINGS = (
    ("ization", ""), ("isation", ""), ("ising", ""), ("izing", ""), ("ised", ""), ("ized", ""), ("ise", ""),
    ("ize", ""), ("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", ""),
)  # fmt: skip
SAME = {
    "adversarial": "gan", "cnn": "convolution", "cnns": "convolution", "conv": "convolution", "convnet": "convolution",
    "convolutional": "convolution", "gans": "gan", "image": "picture", "images": "picture", "memorise": "memor",
    "memorised": "memor", "net": "network", "nets": "network", "neuron": "unit", "neurons": "unit", "node": "unit",
    "nodes": "unit", "parameter": "weight", "parameters": "weight", "photo": "picture", "photos": "picture",
    "pictures": "picture", "pytorch": "torch", "rnn": "recurrent", "rnns": "recurrent", "sd": "deviation",
    "units": "unit", "weights": "weight",
}  # fmt: skip


def words(text: str) -> list[str]:
    """The words of a text that say something, without their endings; learners' words for one thing are one word."""
    return [SAME.get(word) or stem(word) for word in WORDS.findall(text.lower()) if word not in IDLE]


def stem(word: str) -> str:
    """A word without the commonest endings, so that "layers" is "layer" and "training" is "train"."""
    for ending, rest in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) > 3:
            return word[: -len(ending)] + rest
    return word


def bm25(question: Sequence[str], documents: Sequence[Sequence[str]], saturation: float, length: float) -> list[float]:
    """How well each document answers the words of a question, from 0 to 1: 1 if it had every word without end.

    BM25 divided by its own limit, the sum of the words' weights times (saturation + 1).
    """
    counts = [Counter(document) for document in documents]
    usual = sum(map(len, documents)) / max(1, len(documents))
    asked = sorted(set(question))
    holding = {word: sum(word in count for count in counts) for word in asked}
    weight = {word: math.log(1 + (len(counts) - holding[word] + 0.5) / (holding[word] + 0.5)) for word in asked}
    limit = sum(weight.values()) * (saturation + 1) or 1.0
    scores = []
    for count, document in zip(counts, documents, strict=True):
        long = saturation * (1 - length + length * len(document) / usual)
        parts = (weight[word] * count[word] * (saturation + 1) / (count[word] + long) for word in asked)
        scores.append(sum(parts) / limit)
    return scores
