"""Seconds to the first token and tokens per second of SmolLM2-135M-Instruct, by number format, each in a bare loop with
a cache and as the chat speaks; llama.cpp beside them where ``llama_cpp`` can be imported.

PYTHONPATH=. python benchmarks/chatbot.py             # 64 tokens, five times; writes benchmarks/results/chatbot.md
PYTHONPATH=. python benchmarks/chatbot.py --quick     # 8 tokens, once, prints only
"""

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from core.models.language import Language, smollm
from core.models.language.conversion import packaged
from core.projects.chatbot.decoding import Reader, Reply, Step, speak
from core.projects.chatbot.sampling import Sampling

RESULTS = Path(__file__).resolve().parent / "results" / "chatbot.md"
QUESTION = "Explain to a child, in many words, why the sky is blue."
Timed = tuple[float, float]  # seconds to the first token, tokens per second after it
Tokens = Callable[[int], Iterator[object]]


def timed(tokens: Iterator[object]) -> Timed:
    """Follow an answer."""
    began = time.perf_counter()
    next(tokens)
    first = time.perf_counter()
    count = sum(1 for _ in tokens)
    return first - began, count / (time.perf_counter() - first)


def prompt(language: Language) -> list[int]:
    return language.prompt([{"role": "user", "content": QUESTION}])


def bare(language: Language) -> Tokens:
    """The likeliest token, read with a cache, and nothing else: what a chat is measured against."""

    def tokens(most: int) -> Iterator[int]:
        cache, read = language.cache(), prompt(language)
        for _ in range(most):
            token = int(language.logits(read, cache)[0].argmax())
            yield token
            read = [token]

    return tokens


def spoken(language: Language) -> Tokens:
    """The same as the chat does it, with everything that it keeps of each token."""

    def tokens(most: int) -> Iterator[Step]:
        reply = Reply(sampling=Sampling(temperature=0.0, repetition_penalty=1.0), prompt=tuple(prompt(language)))
        return (event for event in speak(Reader(language), reply, most) if isinstance(event, Step))

    return tokens


def eight_bits() -> Language:
    """Weights in eight bits, numbers between the layers in bfloat16 (torchao)."""
    from copy import deepcopy

    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    shared = smollm()
    model = deepcopy(shared.model)
    quantize_(model, Int8WeightOnlyConfig())
    return Language(shared.name, model, shared.tokens, shared.licence)


def llama_cpp(threads: int) -> Tokens:
    """llama.cpp on the packaged four-bit file."""
    import llama_cpp as library

    from core.models.language.smollm import FILE, PACKAGE, VERSION

    model = library.Llama(str(packaged(PACKAGE, VERSION, FILE)), n_threads=threads, verbose=False)
    return lambda most: iter(
        model.create_chat_completion(
            [{"role": "user", "content": QUESTION}], max_tokens=most, temperature=0.0, stream=True
        )
    )


def engines(threads: int) -> Iterator[tuple[str, Tokens]]:
    """What is measured, one after the other."""
    for name, make in (
        ("float32", lambda: smollm(torch.float32)), ("bfloat16", smollm), ("int8 weights, torchao", eight_bits),
    ):  # fmt: skip
        language = make()
        yield f"{name}, bare loop", bare(language)
        yield f"{name}, the chat", spoken(language)
    if importlib.util.find_spec("llama_cpp"):
        yield "llama.cpp, Q4_1", llama_cpp(threads)


def row(name: str, tokens: Tokens, most: int, times: int) -> str:
    """One engine's line, after one answer that only warms it up."""
    for _ in tokens(2):
        pass
    measured = [timed(iter(tokens(most))) for _ in range(times)]
    first, speed = (statistics.median(column) for column in zip(*measured, strict=True))
    line = f"| {name} | {first:.2f} | {speed:.1f} |"
    print(line, flush=True)
    return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    most, times = (8, 1) if wanted.quick else (64, 5)
    head = ["| engine | first token, s | tokens/s |", "| --- | --- | --- |"]
    rows = [row(name, tokens, most, times) for name, tokens in engines(wanted.threads)]
    if not wanted.quick:
        about = f"Median of {times} answers of {most} tokens on {wanted.threads} threads; PyTorch {torch.__version__}."
        RESULTS.write_text("\n".join(["# How fast the chatbot speaks", "", about, "", *head, *rows, ""]))


if __name__ == "__main__":
    main()
