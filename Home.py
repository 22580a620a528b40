"""Roadmap Lab: `streamlit run Home.py`, or any ASGI server: `uvicorn Home:app`."""

import gc
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from core import packages
from core.deployment import browser
from core.lessons.search import INDEXES
from core.serving import files
from core.serving.api import Api
from core.serving.base import Preloads, UnderBase

ROOT = Path(__file__).resolve().parent
SERVICES = {
    "art": "core.projects.art.service",
    "chat": "core.projects.chatbot.service",
    "classifier": "core.projects.classifier.service",
    "mnist": "core.projects.mnist.service",
    "detect": "core.projects.detection.service",
    "driving": "core.projects.driving.service",
    "openapi.json": "core.serving.descriptions",
}
SLOW = (  # imports of a second and more, which a first picture would wait for; torch.optim asks for torch._dynamo
    "torch._dynamo", "sklearn.datasets", "scipy.integrate", "scipy.optimize", "scipy.special", "onnx.helper",
    "onnxruntime", "flask",
)  # fmt: skip
ORIGINS = os.environ.get("ROADMAP_LAB_API_ORIGINS", "").split()  # whose scripts may call /api from other web sites
warmed = threading.Event()


def warm() -> None:
    """Import torch and take a first optimizer step while the front page is already being read.

    Collecting garbage after every script run would otherwise walk all of torch's objects: freeze them.
    """
    sys.setswitchinterval(0.001)  # torch gives Python's lock away in every operation and waits to have it back
    packages.imported()
    from core.data import moons
    from core.models import MLP
    from core.training import Recipe, train
    from core.training import warm as warm_compiled

    train(MLP(2, 4, 2), moons(samples=20), Recipe(epochs=1))
    warm_compiled(wait=False)  # until it is ready, torch serves
    for slow in SLOW:
        import_module(slow)
    gc.collect()
    gc.freeze()
    warmed.set()


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    threading.Thread(target=warm, name="warm-up", daemon=True).start()
    yield


async def health(_: Request) -> JSONResponse:
    """200 once pages can answer at full speed, 503 while torch is still being imported."""
    return JSONResponse({"status": "ok" if warmed.is_set() else "warming"}, 200 if warmed.is_set() else 503)


app = st.App(
    ROOT / "pages" / "hub.py",
    lifespan=lifespan,
    routes=[
        Route("/healthz", health),
        *files.routes((files.PLOTLY, *INDEXES.values(), *files.PICTURES.values(), *browser.ALL)),
        *Api(SERVICES, ORIGINS).routes(),
    ],
    middleware=[
        Middleware(UnderBase, own=("healthz", "api", "lab"), base=partial(st.get_option, "server.baseUrlPath")),
        Middleware(Preloads, links=files.preloads),
    ],
)
