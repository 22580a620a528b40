"""What a browser fetches to run a network itself: two runtimes, and the digits network in the format of each."""

import functools
import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from core.serving.files import ASSETS, FOR_GOOD, Asset

VENDOR = ASSETS / "vendor"
WEIGHTS = ASSETS / "mnist" / "weights.safetensors"


@dataclass(frozen=True)
class Packed:
    """A file that lies packed with gzip in the project and is sent as it lies."""

    path: Path
    kind: str

    @cached_property
    def address(self) -> str:
        """Where it is, relative to the hub's first page; it changes with the content."""
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()[:12]
        name = Path(self.path.stem)
        return f"lab/{name.stem}.{digest}{name.suffix}"

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return self.path.stat().st_size

    def answer(self, request: Request) -> Response:
        """The file, unpacked only for those who cannot."""
        content, headers = self.path.read_bytes(), FOR_GOOD | {"Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return Response(content, headers=headers | {"Content-Encoding": "gzip"}, media_type=self.kind)
        return Response(gzip.decompress(content), headers=headers, media_type=self.kind)


@dataclass(frozen=True)
class Converted:
    """A file that is made from the shipped weights when somebody first asks for it."""

    name: str
    make: Callable[[], bytes]

    @cached_property
    def address(self) -> str:
        """Where it is; it changes with the weights it is made from."""
        name = Path(self.name)
        return f"lab/{name.stem}.{hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()[:12]}{name.suffix}"

    @cached_property
    def content(self) -> bytes:
        """The file."""
        return self.make()

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return len(self.content)

    def answer(self, _: Request) -> Response:
        """The file, to be kept for good."""
        return Response(self.content, headers=FOR_GOOD, media_type="application/octet-stream")


def onnx_file() -> bytes:
    """The digits network as ONNX."""
    from core.deployment.onnx_writer import written
    from core.models.digits import recognizer

    return written(recognizer()[0])


@functools.cache
def layers_model() -> tuple[str, bytes]:
    """The digits network as TensorFlow.js reads it: ``model.json`` and the bytes of its weights."""
    from core.deployment.tfjs_writer import layers_model
    from core.models.digits import recognizer

    return layers_model(recognizer()[0])


TF_SCRIPTS = tuple(Asset(VENDOR / "tfjs" / f"tf-{part}.min.js") for part in ("core", "layers", "backend-cpu"))
ORT_SCRIPT = Asset(VENDOR / "onnxruntime-web" / "ort.wasm.bundle.min.mjs")
ORT_WASM = Packed(VENDOR / "onnxruntime-web" / "ort-wasm-simd-threaded.wasm.gz", "application/wasm")
ONNX = Converted("digits.onnx", onnx_file)
TF_MODEL = Converted("digits.json", lambda: layers_model()[0].encode())
TF_WEIGHTS = Converted("digits.bin", lambda: layers_model()[1])
ALL = (*TF_SCRIPTS, ORT_SCRIPT, ORT_WASM, ONNX, TF_MODEL, TF_WEIGHTS)


def addresses() -> dict[str, object]:
    """Where a page's script finds everything."""
    return {
        "tf": [script.address for script in TF_SCRIPTS], "model": TF_MODEL.address, "weights": TF_WEIGHTS.address,
        "ort": ORT_SCRIPT.address, "wasm": ORT_WASM.address, "onnx": ONNX.address,
    }  # fmt: skip


def fetched() -> dict[str, int]:
    """Bytes that a browser fetches, packed, before each runtime can answer."""
    scripts = sum(len(script.packed) for script in TF_SCRIPTS)
    return {
        "ONNX Runtime Web": len(ORT_SCRIPT.packed) + ORT_WASM.size + ONNX.size,
        "TensorFlow.js": scripts + TF_MODEL.size + TF_WEIGHTS.size,
    }


def summary() -> str:
    """The layers of the TensorFlow.js file, one after the other."""
    layers = json.loads(layers_model()[0])["modelTopology"]["config"]["layers"]
    return " ".join(layer["class_name"] for layer in layers)
