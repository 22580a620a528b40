"""A server as a folder: program, weights, requirements, Dockerfile, health check and tests; put together from
assets/serving, and as a zip."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.deployment.subjects import Subject
from core.jobs import extras
from core.topics.serving.answers import about, onnx_of, row

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "assets" / "serving"
SHARED = ("network.py", "test_server.py")
CURL = """
```
curl -X POST http://127.0.0.1:8000/predict -H 'Content-Type: application/json' -d '{"inputs": [%s]}'
```
"""
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same folder is the same zip


@dataclass(frozen=True)
class Kind:
    """A way to serve: its folder in assets/serving, what it needs besides numpy and onnxruntime, its health check,
    whether programs get JSON, whether the hub starts it for a visitor, and one sentence about it."""

    name: str
    folder: str
    packages: tuple[str, ...]
    health: str
    answers_json: bool
    about: str
    starts: bool = True


FLASK = Kind("Flask + waitress", "flask", ("flask", "waitress"), "/health", True,
             "Threads and WSGI: one thread per request that is being answered.")  # fmt: skip
FASTAPI = Kind("FastAPI + uvicorn", "fastapi", ("fastapi", "httptools", "uvicorn", "uvloop"), "/health", True,
               "One event loop and ASGI; the body is checked against a schema, requests can be batched.")  # fmt: skip
GRADIO = Kind("Gradio", "gradio", ("gradio", "fastapi", "uvicorn"), "/health", False,
              "A page for people, from the function's arguments; programs call it through gradio_client.")  # fmt: skip
STREAMLIT = Kind("Streamlit", "streamlit", ("streamlit",), "/_stcore/health", False,
                 "A page for people, as a script that runs anew at every change; none for programs.")  # fmt: skip
LITSERVE = Kind("LitServe", "litserve", ("litserve",), "/health", True,
                "FastAPI with worker processes and batching around one class.")  # fmt: skip
RAY = Kind("Ray Serve", "ray", ("ray[serve]",), "/health", True,
           "Replicas in processes on one machine or many; needs a gigabyte, so this page does not start it for "
           "visitors: the folder's own tests do.", starts=False)  # fmt: skip
KINDS = {kind.name: kind for kind in (FLASK, FASTAPI, GRADIO, STREAMLIT, LITSERVE, RAY)}


@lru_cache(maxsize=1)
def pins() -> Mapping[str, str]:
    """The versions that were tried, from the hub's own lists."""
    found = {}
    for name in ("constraints.txt", "requirements.txt", "requirements-deployment.txt"):
        rows = (ROOT / name).read_text(encoding="utf-8").splitlines()
        found |= {
            extras.plain(row.partition("==")[0]): row.partition("==")[2].split(";")[0].strip()
            for row in rows if "==" in row and not row.startswith("#")
        }  # fmt: skip
    return found


def requirements(kind: Kind) -> str:
    """The folder's requirements.txt: every package pinned, no index named."""
    return pinned(*kind.packages)


def pinned(*packages: str) -> str:
    """The packages, and what the network itself needs, at the versions that were tried."""
    names = sorted({*packages, "numpy", "onnxruntime"})
    return "".join(f"{name}=={pins()[extras.plain(name)]}\n" for name in names)


def read(path: str) -> str:
    """A file of assets/serving."""
    return (FOLDER / path).read_text(encoding="utf-8")


def folder(kind: Kind, subject: Subject) -> dict[str, bytes]:
    """The files of a server, by name."""
    numbers = row(subject)
    example = str(numbers[:4]).replace("]", ", …]" if len(numbers) > 4 else "]")
    readme = read("shared/README.md").replace("{title}", f"A small network behind {kind.name}")
    readme = readme.replace("{short}", kind.name).replace("{about}", kind.about)
    readme = readme.replace("{curl}", CURL % example if kind.answers_json else "")
    texts = {
        "README.md": readme,
        "app.py": read(f"{kind.folder}/app.py"),
        **{name: read(f"shared/{name}") for name in SHARED},
        "requirements.txt": requirements(kind),
        "Dockerfile": read("shared/Dockerfile").replace("{health}", kind.health),
        ".dockerignore": "__pycache__\ntest_server.py\n",
    }
    weights = {"network.onnx": onnx_of(subject), "network.json": about(subject, kind.health, kind.answers_json)}
    return {**{name: text.encode() for name, text in texts.items()}, **weights}


def zipped(files: Mapping[str, bytes], inside: str = "") -> bytes:
    """Files as a zip, in a folder of this name; the same files give the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(f"{inside}/{name}" if inside else name, EPOCH), data)
    return content.getvalue()


def command(kind: Kind) -> list[str]:
    """How the server is started here. Raises ``ValueError`` where a package is missing."""
    python = extras.interpreter(*kind.packages)
    if python is None:
        raise ValueError(extras.missing(*kind.packages))
    return [str(python), "app.py"]


def tested(files: Mapping[str, bytes], kind: Kind):
    """Run a folder's own tests in a process of their own; yields (fraction, message), returns what they said."""
    program = TESTS.format(python=str(command(kind)[0]))
    return (yield from extras.in_extras((), program, files, "starting the server and running its tests"))


TESTS = """import json, re, subprocess
run = subprocess.run([{python!r}, "-m", "unittest", "-v", "test_server"], capture_output=True, text=True, timeout=200)
said = run.stderr
rows = re.findall(r"^(test_\\w+) .*?\\.\\.\\. (ok|FAIL|ERROR|skipped[^\\n]*)", said, re.MULTILINE | re.DOTALL)
print(json.dumps({{"passed": run.returncode == 0, "tests": rows, "said": said[-1500:]}}))
"""
