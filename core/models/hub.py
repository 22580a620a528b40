"""Models of the Hugging Face Hub by name, or from a folder: what is said of one first, and what fetching it takes.

Nothing here asks the network unless a function says so; only safetensors and texts are ever fetched.
"""

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.serving.hosting import refuse_strangers

NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


class UnknownModelError(ValueError):
    """A model that is not to be had, or not to be opened here; one sentence for the learner."""


@dataclass(frozen=True)
class Offer:
    """What is said of a model before anything is fetched; ``folder`` is where it lies, if it is here. ``megabytes`` 0
    and ``licence`` "" mean that only the Hub knows them."""

    name: str
    megabytes: float
    licence: str
    folder: Path | None = None

    @property
    def sentence(self) -> str:
        terms = f"licence: {self.licence or 'not stated'}"
        if self.folder:
            return f"{self.name} is on this machine, {self.megabytes:,.0f} MB; {terms}."
        if not self.megabytes:
            return f"{self.name} is not on this machine; its size and licence are on huggingface.co/{self.name}."
        return f"{self.name} would be downloaded from huggingface.co, {self.megabytes:,.0f} MB; {terms}."


def place_of(name: str, examples: Sequence[str]) -> Path | str:
    """The folder that a whole path names, or else a name of the Hub. Raises ``UnknownModelError`` for neither, and for
    any folder where visitors are strangers."""
    name = name.strip()
    path = os.path.expanduser(name)
    if os.path.isabs(path):
        refuse_strangers(UnknownModelError)
    if os.path.isabs(path) and os.path.isdir(path):  # pathlib's would raise for a name that can be none
        return Path(path)
    if not NAME.fullmatch(name):
        raise UnknownModelError(
            f"A model is a folder with its whole path, or owner/name, for example {' or '.join(examples)}."
        )
    return name


def size(files: Sequence[Path]) -> float:
    """Megabytes of files."""
    return sum(path.stat().st_size for path in files) / 1e6


def licence_of(folder: Path) -> str:
    """What a model's card says, "" where it says nothing."""
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8", errors="replace")[:5000] if card.is_file() else ""
    found = re.search(r"^license:\s*(\S{1,40})", text, re.MULTILINE)
    return found[1] if found else ""


def cached(name: str, file: str) -> Path | None:
    """The folder of a model that was fetched before and holds a file."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, file)
    return Path(found).parent if isinstance(found, str) else None


def listed(name: str) -> tuple[dict[str, int], str]:
    """Asks the Hub: the files of a model with their bytes, and its licence. Raises ``UnknownModelError``."""
    refuse_strangers(UnknownModelError)
    from huggingface_hub import HfApi

    try:
        found = HfApi().model_info(name, files_metadata=True, timeout=20)
    except Exception:  # no network, no such model, not for everybody: the library has many words for it
        raise UnknownModelError(f"huggingface.co could not be asked for {name}, or does not have it.") from None
    files = {each.rfilename: each.size or 0 for each in found.siblings or []}
    return files, str((found.card_data or {}).get("license") or "")


def room_for(name: str, megabytes: float, most: int) -> None:
    """Raises ``UnknownModelError`` for a model that is too large for here, or empty."""
    if not 0 < megabytes <= most:
        raise UnknownModelError(f"{name} has {megabytes:,.0f} MB of safetensors; up to {most:,} are fetched here.")
    if shutil.disk_usage(Path.home()).free < 1.2e6 * megabytes:
        raise UnknownModelError(f"There is no room for {megabytes:,.0f} MB on this machine.")


def downloaded(name: str, patterns: Sequence[str]) -> Path:
    """Fetches the files of a model that are wanted; their folder. Raises ``UnknownModelError``."""
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(patterns)))
    except Exception:  # the library has many words for it
        raise UnknownModelError(f"{name} could not be downloaded: huggingface.co cannot be reached.") from None
