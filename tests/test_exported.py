"""A language model as an ONNX file with its cache: its answers are torch's, whatever lengths it was exported with."""

from pathlib import Path

import pytest
import torch

from benchmarks.exported import empty, exported, greedy, runtime
from core.models import language
from core.models.language import Language


def by_torch(model: torch.nn.Module, read: list[int], most: int) -> list[int]:
    """The likeliest tokens, everything read anew each time: no cache that could be wrong in the same way."""
    numbers = list(read)
    with torch.inference_mode():
        for _ in range(most):
            numbers.append(int(model(torch.tensor([numbers]), use_cache=False).logits[0, -1].argmax()))
    return numbers[len(read) :]


def test_a_tiny_model_s_file_answers_as_torch_does(tmp_path: Path) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    shape: dict = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
                   "num_key_value_heads": 2, "vocab_size": 64, "max_position_embeddings": 64}  # fmt: skip
    model = LlamaForCausalLM(LlamaConfig(**shape)).eval()
    for weight in model.parameters():
        weight.data.mul_(20)  # as they are made, all tokens are about as likely
    session = runtime(exported(Language("tiny", model, tokens=None), tmp_path), 1)  # ty: ignore
    for read in ([5], [7, 3], list(range(1, 20))):
        assert list(greedy(session, model.config, read, 12)) == by_torch(model, read, 12)
    logits, keys, _ = session.run(
        None, dict.fromkeys(("keys", "values"), empty(model.config).numpy()) | {"tokens": [[1, 2, 3]]}
    )
    theirs = model(torch.tensor([[1, 2, 3]])).logits[0, -1]
    assert torch.allclose(torch.from_numpy(logits[0]), theirs, rtol=1e-4, atol=1e-4)
    assert keys.shape == (2, 1, 2, 3, 8)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.skipif(not language.installed(), reason="the model's package is not installed")
def test_the_chatbot_s_model_says_the_same_in_onnx_runtime(tmp_path: Path) -> None:
    model = language.smollm(torch.float32)
    session = runtime(exported(model, tmp_path), 2)
    for question in ("Why is the sky blue?", "What is the capital of France?", "Write a poem about the sea. 🌊"):
        read = model.prompt([{"role": "user", "content": question}])
        assert list(greedy(session, model.config, read, 24)) == by_torch(model.model, read, 24)
