"""Train and ship the small language models: ``python -m core.language.train gpt`` (or bert, or tokenizer).

The texts are taken from the folder that the environment variable ROADMAP_LAB_DATA names. A training that was stopped
goes on where it was; one of more steps begins just as one of fewer.
"""

import argparse
import datetime
import json
import os
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

from core.data.texts import Corpus, corpora, turns
from core.language import tokens
from core.language.baselines import counted
from core.language.card import card
from core.language.generation import until, written
from core.language.measures import baselines, judged
from core.language.shipped import NAMES, built, filled
from core.language.tokens import FOLDER, START, TURN, VOCABULARY
from core.language.training import Progress, Recipe, begun, steps
from core.language.windows import Stream, stream
from core.places import folders

STEPS, EVERY = (
    {"gpt": 6_123, "bert": 7_347},
    500,
)  # a moment is recorded at the first steps below, then at every so many
FIRST = (0, 10, 30, 100, 200, 300)
SAVED = 200  # steps between two saved states
PROMPTS = ("Hello! Have you seen", "KING RICHARD:\nMy lord,", "What is your favorite song?")
WORDS, SEED = 40, 7
GAPS = ("I really ___ that movie.", "What is your favorite ___ of music?", "My lord, I will ___ thee.")


def learned(every: list[Corpus]) -> list[Stream]:
    """What is learned from."""
    return [stream(each.documents, each.share) for each in every]


def samples(progress: Progress) -> list[str]:
    """What a causal model writes behind the prompts, and how a masked one fills the gaps."""
    model = progress.model.eval()
    if not model.causal:
        return [filled(model, gap) for gap in GAPS]
    texts = ([START, *tokens.encode(prompt)] for prompt in PROMPTS)
    endings = (until(written(model, text, WORDS, seed=SEED), lambda number: number == START) for text in texts)
    return [" ¶ ".join(map(tokens.decode, spoken(ending))) for ending in endings]


def spoken(numbers: list[int]) -> list[list[int]]:
    """Tokens cut where the next one speaks."""
    parts: list[list[int]] = [[]]
    for number in numbers:
        if number == TURN:
            parts.append([])
        else:
            parts[-1].append(number)
    return parts


def moment(progress: Progress, held_out: list[Stream]) -> dict:
    """What is recorded of a step."""
    recent = progress.losses[-100:]
    return {
        "step": progress.step,
        "training loss": sum(recent) / len(recent) if recent else None,
        **judged(progress.model, held_out, windows=32),
        "samples": samples(progress),
    }


def train(name: str, recipe: Recipe, work: Path) -> tuple[Progress, list[dict], float]:
    """Train one of ``NAMES``, going on from what lies in the folder ``work``; with its record, and CPU seconds."""
    every = corpora()
    streams, held_out = learned(every), [stream(each.held_out, each.share) for each in every]
    progress = begun(built(name, recipe.seed), recipe)
    state, record, spent = work / f"{name}.pt", [], 0.0
    if state.is_file():
        saved = torch.load(state, weights_only=True)
        progress.resume(saved)
        record, spent = saved["record"], saved["seconds"]
    else:
        record.append(moment(progress, held_out))
    began = time.process_time() - spent
    for now in steps(progress, streams, recipe):
        if now.step in FIRST or now.step % EVERY == 0 or now.step == recipe.steps:
            record.append(moment(now, held_out))
            print(json.dumps({**record[-1], "seconds": round(time.process_time() - began)}), flush=True)
        if now.step % SAVED == 0:
            seconds = time.process_time() - began
            torch.save({**now.state(), "record": record, "seconds": seconds}, state.with_suffix(".new"))
            os.replace(state.with_suffix(".new"), state)
    return progress, record, time.process_time() - began


def ship(name: str, recipe: Recipe, work: Path) -> None:
    """Train, write weights and record, and measure the weights as they ship on the held-out texts."""
    progress, moments, seconds = train(name, recipe, work)
    weights = {key: weight.half().contiguous() for key, weight in progress.model.state_dict().items()}
    save_file(weights, FOLDER / f"{name}.safetensors")
    (FOLDER / f"{name}.safetensors").chmod(0o644)
    progress.model.load_state_dict({key: weight.float() for key, weight in weights.items()})
    every = corpora()
    held_out = [stream(each.held_out, each.share) for each in every]
    counts = counted(learned(every), VOCABULARY)
    about = {
        "recipe": str(recipe),
        "date": datetime.date.today().isoformat(),
        "seconds": round(seconds),
        "texts": [f"{each.name}: {each.licence}" for each in every],
        "measures": judged(progress.model, held_out),
        "baselines": baselines(progress.model, counts, held_out),
        "prompts": PROMPTS if progress.model.causal else GAPS,
        "moments": moments,
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    (FOLDER / "card.md").write_text(card(), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the small language models that ship.")
    parser.add_argument("what", choices=("tokenizer", *NAMES))
    parser.add_argument("--steps", type=int, help=", ".join(f"{name}: {count}" for name, count in STEPS.items()))
    parser.add_argument("--falling", type=float, default=0.02, help="last share of the steps, in which the rate falls")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, default=folders()[-1] / "language", help="where unfinished trainings lie")
    wanted = parser.parse_args()
    wanted.work.mkdir(parents=True, exist_ok=True)
    if wanted.what == "tokenizer":
        texts = (turn for each in corpora() for turn in turns(each.documents))
        tokens.trained(texts).save(str(FOLDER / "tokenizer.json"))
    else:
        recipe = Recipe(wanted.steps or STEPS[wanted.what], falling=wanted.falling, seed=wanted.seed)
        ship(wanted.what, recipe, wanted.work)


if __name__ == "__main__":
    main()
