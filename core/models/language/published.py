"""Other instruct models, by their name on the Hugging Face Hub or from a folder: fetched only where that is allowed.

Only weights as safetensors are opened, and only with code that transformers itself brings.
"""

import json
from collections.abc import Callable, Generator
from functools import lru_cache
from pathlib import Path

import torch

from core.models import hub
from core.models.hub import Offer, UnknownModelError
from core.models.language.language import Language
from core.models.language.tokens import Tokens

KNOWN = {  # megabytes of weights in bfloat16, and terms, as their cards say
    "HuggingFaceTB/SmolLM2-360M-Instruct": (724, "Apache-2.0"),
    "Qwen/Qwen3-0.6B": (1_503, "Apache-2.0"),
}
MOST_MEGABYTES = 4_000
WANTED = ["*.safetensors", "*.json", "*.txt", "*.jinja"]  # no program, no pickle
Preparing = Generator[tuple[float, str], None, None]
Facts = Callable[[str], tuple[float, str]]


def offer(name: str) -> Offer:
    """What is known of a model without asking the network. Raises ``UnknownModelError``."""
    place = hub.place_of(name, tuple(KNOWN))
    if isinstance(place, Path):
        return local(place)
    megabytes, licence = KNOWN.get(place, (0.0, ""))
    if folder := stored(place):
        return Offer(place, size(folder), licence or hub.licence_of(folder), folder)
    return Offer(place, megabytes, licence)


def local(folder: Path) -> Offer:
    """A folder's model. Raises ``UnknownModelError`` if it holds none that is opened here."""
    missing = [name for name in ("config.json", "tokenizer.json") if not (folder / name).is_file()]
    if missing or not list(folder.glob("*.safetensors")):
        raise UnknownModelError(f"{folder.name} lacks {', '.join(missing) or 'weights as safetensors'}.")
    return Offer(folder.name, size(folder), hub.licence_of(folder), folder)


def size(folder: Path) -> float:
    """Megabytes of weights."""
    return hub.size(list(folder.glob("*.safetensors")))


def stored(name: str) -> Path | None:
    """Where a model of the Hub lies on this machine."""
    folder = hub.cached(name, "config.json")
    return folder if folder and list(folder.glob("*.safetensors")) else None


def facts(name: str) -> tuple[float, str]:
    """Megabytes and licence, asked of the Hub. Raises ``UnknownModelError``."""
    files, licence = hub.listed(name)
    return sum(size for file, size in files.items() if file.endswith(".safetensors")) / 1e6, licence


def looked_up(name: str, ask: Facts = facts) -> Offer:
    """What the Hub knows of a model. Raises ``UnknownModelError``."""
    return Offer(name, *ask(name))


def fetched(name: str, ask: Facts = facts) -> Generator[tuple[float, str], None, Path]:
    """Download a model; yields (fraction, message). Raises ``UnknownModelError``."""
    yield 0.02, "asking huggingface.co"
    megabytes, licence = ask(name)
    hub.room_for(name, megabytes, MOST_MEGABYTES)
    yield 0.05, f"downloading {megabytes:,.0f} MB, licence: {licence or 'not stated'}"
    return hub.downloaded(name, WANTED)


def prepared(name: str, download: bool = False) -> Preparing:
    """Have a model in memory, yielding (fraction, message). Raises ``UnknownModelError``."""
    known = offer(name)
    if not known.folder and not download:
        raise UnknownModelError(f"{known.sentence} Allow the download to use it.")
    folder = known.folder or (yield from fetched(known.name))
    yield 0.9, "loading the model"
    opened(folder, known.name, known.licence)


def language(name: str) -> Language:
    """A model that is on this machine; one besides SmolLM2-135M stays in memory. Raises ``UnknownModelError``."""
    known = offer(name)
    if not known.folder:
        raise UnknownModelError(f"{known.sentence} Allow the download to use it.")
    return opened(known.folder, known.name, known.licence)


@lru_cache(maxsize=1)
def opened(folder: Path, name: str, licence: str) -> Language:
    """A folder's model, in memory. Raises ``UnknownModelError``."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    checked(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.bfloat16, use_safetensors=True, trust_remote_code=False, local_files_only=True
        )
    except Exception:  # weights of another shape, half a file, an architecture that transformers does not know
        raise UnknownModelError(f"{name} cannot be opened: its files are damaged, or of a kind unknown here.") from None
    if not getattr(tokenizer, "chat_template", None):
        raise UnknownModelError(f"{name} has no template of a conversation: choose an instruct model.")
    ends = model.generation_config.eos_token_id
    return Language(name, model, Tokens(tokenizer, ends if isinstance(ends, list) else [ends]), licence)


def checked(folder: Path) -> None:
    """Refuse a folder whose model would need code of its own. Raises ``UnknownModelError``."""
    for name in ("config.json", "tokenizer_config.json"):
        path = folder / name
        try:
            told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        except (OSError, ValueError):
            raise UnknownModelError(f"{folder.name} cannot be opened: {name} is damaged.") from None
        if not isinstance(told, dict) or "auto_map" in told:
            raise UnknownModelError(f"{folder.name} wants to run code of its own, which is not done here.")
