"""The card of the small language models, put together from their records."""

import torch

from core.language.shipped import NAMES, built, record
from core.language.tokens import FOLDER, VOCABULARY

TITLES = {"gpt": "next token (GPT style, causal)", "bert": "hidden token (BERT style, both sides)"}


def card() -> str:
    """The card, in Markdown, of the models that have been trained."""
    record.cache_clear()
    here = [name for name in NAMES if (FOLDER / f"{name}.json").is_file()]
    records = {name: record(name) for name in here}
    size = sum(weight.numel() for weight in built("gpt").parameters())
    rows = [row(name, records[name]) for name in here]
    recipes = [
        f"- `{name}.safetensors`: {TITLES[name]}. `{each['recipe']}`; {each['seconds'] / 60:.0f} minutes of one CPU "
        f"core, {each['date']}."
        for name, each in records.items()
    ]
    return "\n".join(
        [
            "# Two small language models",
            "",
            f"Transformers of {size:,} weights each (4 layers, 4 heads, width 128, 128 tokens of context, rotary",
            f"positions, output tied to the embedding; float16, safetensors) over one tokenizer of {VOCABULARY:,}",
            "byte-pair tokens (`tokenizer.json`).",
            "",
            *recipes,
            "",
            "Made anew by `python -m core.language.train tokenizer`, `… gpt`, `… bert` (code `core/language/`,",
            f"`core/models/transformer.py`; PyTorch {torch.__version__}).",
            "Licence of code and weights: AGPL-3.0-or-later.",
            "",
            "## Data",
            "",
            *(f"- {text}" for text in next(iter(records.values()))["texts"]),
            "",
            "Every twentieth chat and pair and the last tenth of the plays were held out. Chats in which somebody",
            "swears were left out, and answers of more than 200 characters. Windows of 128 tokens begin where",
            "somebody begins to speak; of the windows 70 % are chats, 20 % plays, 10 % pairs.",
            "",
            "## Measures",
            "",
            "On 256 held-out windows, the same ones for counting; weights as they ship. Hidden: 15 % of the tokens.",
            "",
            "| model | perplexity | right | counting |",
            "|---|---|---|---|",
            *rows,
            "",
            "## Limits",
            "",
            "They know how English of these kinds runs on for a few words. They know no facts, hold no thread over",
            "more than a sentence or two, and repeat what their texts hold, opinions and errors included. Not for use",
            "on people.",
            "",
        ]
    )


def row(name: str, found: dict) -> str:
    """One model's measures and what counting achieves."""
    percent = name != "gpt"
    others = ", ".join(
        f"{way} {value:.1%}" if percent else f"{way} {value:.0f}" for way, value in found["baselines"].items()
    )
    kind = "accuracy" if percent else "perplexity"
    measures = found["measures"]
    return f"| {TITLES[name]} | {measures['perplexity']:.1f} | {measures['accuracy']:.1%} | {kind}: {others} |"
