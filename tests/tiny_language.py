"""Language models with weights of chance, saved as the makers of large ones save theirs."""

from pathlib import Path

import torch

TEMPLATE = "{% for m in messages %}<|turn|>{{ m.role }}\n{{ m.content }}<|text|>{% endfor %}<|turn|>assistant\n"


def shape(kind: str):
    """Two layers of a "llama" or a "qwen3"."""
    from transformers import LlamaConfig, Qwen3Config

    sizes: dict = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
             "num_key_value_heads": 2, "vocab_size": 2048, "max_position_embeddings": 512, "eos_token_id": 0,
             "bos_token_id": 1}  # fmt: skip
    return LlamaConfig(**sizes) if kind == "llama" else Qwen3Config(**sizes, head_dim=8)


def saved(kind: str, place: Path) -> Path:
    """Weights, tokenizer, template and card in a folder."""
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(shape(kind)).save_pretrained(place)
    tokens = PreTrainedTokenizerFast(
        tokenizer_file=str(Path("assets/language/tokenizer.json")), eos_token="<|text|>", bos_token="<|turn|>"
    )
    tokens.chat_template = TEMPLATE
    tokens.save_pretrained(place)
    (place / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    return place
