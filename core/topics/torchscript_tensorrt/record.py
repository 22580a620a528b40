"""The recorded builds, latencies and graph breaks.

``python -m core.topics.torchscript_tensorrt.record`` measures them again, on a machine that should have nothing else to
do and has ExecuTorch (``make extras``), and writes assets/recorded/torchscript_tensorrt.json.
"""

from core.deployment.subjects import Playground
from core.jobs.apart import apart
from core.jobs.extras import pins
from core.lessons.record import Record, finished
from core.topics.torchscript_tensorrt.breaks import PRESETS
from core.topics.torchscript_tensorrt.subjects import DIGITS, NETWORKS, argument, named
from core.topics.torchscript_tensorrt.ways import EACH, ROUNDS, WAYS

PACKAGE = "core.topics.torchscript_tensorrt"
SPECIFICATION = {
    "networks": list(NETWORKS), "batch": 1, "ways": list(WAYS), "calls": ROUNDS * EACH,
    "breaks": {name: list(sizes) for name, (_, sizes) in PRESETS.items()}, "executorch": pins()["executorch"],
}  # fmt: skip


def again() -> tuple[tuple[str | int, ...], float]:
    """How many weights the digits network has."""
    return ("parameters", DIGITS), sum(each.numel() for each in named(DIGITS)[0].parameters())


RECORD = Record("torchscript_tensorrt", SPECIFICATION, again)


def measured() -> dict:
    """Everything in the record, printed as it is measured."""
    ways = {name: finished(apart(f"{PACKAGE}.ways", argument(network=name, batch=1), name)) for name in NETWORKS}
    breaks = finished(apart(f"{PACKAGE}.breaks", argument(names=list(PRESETS)), "counting"))
    sizes = {name: sum(each.numel() for each in named(name)[0].parameters()) for name in NETWORKS}
    return {"ways": ways, "breaks": breaks, "parameters": sizes, "executorch": executorch()}


def executorch() -> dict:
    """What ExecuTorch's program for a playground network measured, in units of which four decimals are enough."""
    from core.topics.torchscript_tensorrt import elsewhere_view  # which shows what is recorded here

    folder = elsewhere_view.measure(Playground(), elsewhere_view.EXECUTORCH, 0)
    said = finished(elsewhere_view.building(folder)).said
    return {
        "bytes": said["bytes"], "build": said["build"], "apart, millionths": 1e6 * said["apart"],
        "microseconds": [1000 * each for each in said["milliseconds"]],
    }  # fmt: skip


if __name__ == "__main__":
    RECORD.write(measured())
