"""Seconds to the first token and tokens per second of SmolLM2-135M-Instruct: PyTorch in three number formats, each in a
bare loop with a cache and as the chat speaks, beside ONNX Runtime and, where it is installed, llama.cpp.

PYTHONPATH=. python benchmarks/chatbot.py             # 32 tokens, six times; writes benchmarks/results/chatbot.md
PYTHONPATH=. python benchmarks/chatbot.py --quick     # 8 tokens, once, prints only

The exported files are thrown away unless ``--onnx`` names a folder, from which they are taken the next time. llama.cpp
has no wheel: it is built, some ten minutes of one core, in an environment of its own, ``python -m venv .venv-llama &&
.venv-llama/bin/pip install llama-cpp-python``; ``--llama-python`` names another place.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import torch

from benchmarks.exported import exported, greedy, quantised, runtime
from core.models.language import Language, smollm
from core.models.language.conversion import packaged
from core.models.language.smollm import FILE, PACKAGE, VERSION
from core.projects.chatbot.decoding import Reader, Reply, Step, speak
from core.projects.chatbot.sampling import Sampling

HERE = Path(__file__).resolve().parent
RESULTS, LLAMA = HERE / "results" / "chatbot.md", HERE.parent / ".venv-llama" / "bin" / "python"
QUESTION = "Explain to a child, in many words, why the sky is blue."
TIMES_FASTER = 2  # what an engine that is not PyTorch would have to be, to be worth another dependency
Tokens = Callable[[int], Iterator[int]]


@dataclass
class Engine:
    """One way to speak; ``torch`` and ``bare`` say what it is compared with. Filled while it is measured: what it said,
    seconds to the first token of each answer, and seconds of every token after it."""

    name: str
    tokens: Tokens
    torch: bool = True
    bare: bool = True
    said: list[int] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)

    def answer(self, most: int) -> None:
        """Say so many tokens, against the clock."""
        times, self.said = [time.perf_counter()], []
        for token in self.tokens(most):
            times.append(time.perf_counter())
            self.said.append(token)
        first, *others = (after - before for before, after in itertools.pairwise(times))
        self.firsts.append(first)
        self.gaps += others

    @property
    def speed(self) -> float:
        """Tokens per second, by the median token."""
        return 1 / statistics.median(self.gaps)

    @property
    def undisturbed(self) -> float:
        """Tokens per second by the fastest tenth of all tokens: the machine was there for these alone."""
        return 1 / sorted(self.gaps)[len(self.gaps) // 10]


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

    def tokens(most: int) -> Iterator[int]:
        reply = Reply(sampling=Sampling(temperature=0.0, repetition_penalty=1.0), prompt=tuple(prompt(language)))
        return (event.token for event in speak(Reader(language), reply, most) if isinstance(event, Step))

    return tokens


def eight_bits() -> Language:
    """Weights in eight bits, numbers between the layers in bfloat16 (torchao)."""
    from copy import deepcopy

    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    shared = smollm()
    model = deepcopy(shared.model)
    quantize_(model, Int8WeightOnlyConfig())
    return Language(shared.name, model, shared.tokens, shared.licence)


def by_torch() -> Iterator[Engine]:
    """Three number formats."""
    for name, make in (
        ("float32", lambda: smollm(torch.float32)), ("bfloat16", smollm), ("int8 weights (torchao)", eight_bits),
    ):  # fmt: skip
        language = make()
        yield Engine(f"PyTorch, {name}, bare loop", bare(language))
        yield Engine(f"PyTorch, {name}, the chat", spoken(language), bare=False)


def by_onnx(folder: Path, threads: int) -> Iterator[Engine]:
    """The model exported, and its matrices quantised by ONNX Runtime."""
    language, whole, eight = smollm(torch.float32), folder / "float32.onnx", folder / "int8.onnx"
    if not eight.is_file():
        quantised(exported(language, folder))
    for name, path in (("float32", whole), ("int8, dynamic", eight)):
        session = runtime(path, threads)
        yield Engine(
            f"ONNX Runtime, {name}, bare loop",
            lambda most, session=session: greedy(session, language.config, prompt(language), most),
            torch=False,
        )


def by_llama(python: Path, threads: int, opened: ExitStack) -> Engine:
    """llama.cpp on the packaged four-bit file, in a process of another Python."""
    command = [str(python), str(HERE / "llama.py"), str(packaged(PACKAGE, VERSION, FILE)), str(threads)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    opened.enter_context(process)  # which closes its input, and so ends it
    read, write, order = process.stdout, process.stdin, prompt(smollm())
    assert read and write

    def tokens(most: int) -> Iterator[int]:
        write.write(json.dumps({"read": order, "most": most}) + "\n")
        return (int(read.readline()) for _ in range(most))

    return Engine(f"llama.cpp (llama-cpp-python {read.readline().strip()}), Q4_1, bare loop", tokens, torch=False)


def table(engines: list[Engine]) -> list[str]:
    """A line for each engine; the last column is how many of its tokens are float32's before the first that is not."""
    rows = ["| engine | first token, s | tokens/s | tokens/s, undisturbed | as float32 |",
            "| --- | ---: | ---: | ---: | ---: |"]  # fmt: skip
    for each in engines:
        alike = next(
            (place for place, pair in enumerate(zip(each.said, engines[0].said, strict=True)) if pair[0] != pair[1]),
            len(each.said),
        )
        rows.append(
            f"| {each.name} | {statistics.median(each.firsts):.2f} | {each.speed:.1f} | {each.undisturbed:.1f} | "
            f"{alike} of {len(each.said)} |"
        )
    return rows


def verdict(engines: list[Engine], kind: str) -> str:
    """Who is fastest in PyTorch, who besides, and whether that is enough; ``kind`` is a property of engines."""

    def speed(each: Engine) -> float:
        return getattr(each, kind)

    own = max((each for each in engines if each.torch and each.bare), key=speed)
    other = max((each for each in engines if not each.torch), key=speed)
    chat = next(each for each in engines if each.name == own.name.replace("bare loop", "the chat"))
    times, how = speed(other) / speed(own), "By the median" if kind == "speed" else "Undisturbed"
    return (
        f"- {how}, PyTorch is fastest with {own.name.split(', ')[1]}, {speed(own):.1f} tokens/s, "
        f"and the chat keeps {speed(chat) / speed(own):.0%} of it. Fastest besides: "
        f"{other.name.removesuffix(', bare loop')}, {speed(other):.1f} tokens/s, {times:.1f} times as fast; "
        f"{TIMES_FASTER} times, from which on another engine is worth its dependency, are "
        f"{'reached' if times >= TIMES_FASTER else 'not reached'}."
    )


def about(times: int, most: int, threads: int, loads: list[float]) -> str:
    """How it was measured."""
    from onnxruntime import __version__ as onnxruntime

    machine = f"{threads} threads of {os.cpu_count()} cores, PyTorch {torch.__version__}, ONNX Runtime {onnxruntime}"
    busy = f"load average before the first round {loads[0]:.1f}, after the last {loads[1]:.1f}"
    return (
        f"Made by `PYTHONPATH=. python benchmarks/chatbot.py`: {machine}. {times} answers of {most} tokens, "
        f"each engine once in every round, so that other work on the machine hits all alike; {busy}, of which the "
        f"benchmark itself is about {threads}. The likeliest token is always taken. All formats come from the packaged "
        'four-bit file, which llama.cpp reads as it is. "As float32": how many tokens are the first engine\'s before '
        "one differs."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--onnx", type=Path, metavar="FOLDER")
    parser.add_argument("--llama-python", type=Path, default=LLAMA)
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    most, times = (8, 1) if wanted.quick else (32, 6)
    with ExitStack() as opened:
        folder = wanted.onnx or Path(opened.enter_context(tempfile.TemporaryDirectory()))
        engines = [*by_torch(), *by_onnx(folder, wanted.threads)]
        if wanted.llama_python.is_file():
            engines.append(by_llama(wanted.llama_python, wanted.threads, opened))
        for each in engines:  # one answer that only warms it up
            list(each.tokens(4))
        loads = [os.getloadavg()[0]]
        for _ in range(times):
            for each in engines:
                each.answer(most)
        loads.append(os.getloadavg()[0])
    lines = [*table(engines), "", *(verdict(engines, kind) for kind in ("speed", "undisturbed"))]
    print(*lines, sep="\n")
    if not wanted.quick:
        parts = ["# How fast the chatbot speaks", "", about(times, most, wanted.threads, loads), "", *lines, ""]
        RESULTS.write_text("\n".join(parts))


if __name__ == "__main__":
    main()
