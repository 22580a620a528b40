"""A language model as an ONNX file with its cache, and the bare loop of ONNX Runtime over it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.models.language import Language


class Cached(nn.Module):
    """A language model whose memory comes in and goes out as two tensors, as a file needs it."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (1, vocabulary) after the last of the tokens (1, T), and keys and values (layers, 1, heads, past + T,
        depth), which came in without the last T."""
        from transformers import DynamicCache

        cache = DynamicCache()
        for layer in range(len(keys)):
            cache.update(keys[layer], values[layer], layer)
        answer = self.model(tokens, past_key_values=cache, use_cache=True, logits_to_keep=1)
        grown = [torch.stack([getattr(layer, name) for layer in cache.layers]) for name in ("keys", "values")]
        return answer.logits[:, -1], grown[0], grown[1]


def empty(config: Any, past: int = 0) -> Tensor:
    """Keys, or values, of so many tokens, all nought."""
    return torch.zeros(config.num_hidden_layers, 1, config.num_key_value_heads, past, config.head_dim)


def exported(language: Language, folder: Path) -> Path:
    """The model in float32 as an ONNX file (its weights lie beside it)."""
    path, memory, dynamic = folder / "float32.onnx", empty(language.config, 5), torch.export.Dim.DYNAMIC
    torch.onnx.export(
        Cached(language.model).eval(), (torch.ones(1, 3, dtype=torch.long), memory, memory.clone()), str(path),
        dynamic_shapes=({1: dynamic}, {3: dynamic}, {3: dynamic}), dynamo=True, external_data=True, verbose=False,
        input_names=["tokens", "keys", "values"], output_names=["logits", "all_keys", "all_values"],
    )  # fmt: skip
    return path


def quantised(path: Path) -> Path:
    """The same with its matrices in eight bits, and what they are multiplied with in eight bits too, scaled anew for
    each token (ONNX Runtime calls that dynamic)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    made = path.with_name("int8.onnx")
    quantize_dynamic(path, made, weight_type=QuantType.QInt8, per_channel=True, use_external_data_format=True)
    return made


def runtime(path: Path, threads: int) -> Any:
    """A session of ONNX Runtime on so many threads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def greedy(session: Any, config: Any, read: Sequence[int], most: int) -> Iterator[int]:
    """The likeliest token after what was read, again and again."""
    keys = values = empty(config).numpy()
    for _ in range(most):
        feed = {"tokens": np.array([list(read)], np.int64), "keys": keys, "values": values}
        logits, keys, values = session.run(None, feed)
        token = int(logits[0].argmax())
        yield token
        read = [token]
