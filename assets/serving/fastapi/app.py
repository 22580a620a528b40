"""The network behind FastAPI and uvicorn. Requests that come together are answered together: ``BATCH`` samples at most,
``WAIT_MS`` milliseconds after the first of them at the latest (1 and 0: every request alone)."""

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Annotated

import network
import numpy as np
import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-network.LARGEST, le=network.LARGEST)]
Row = Annotated[list[Number], Field(min_length=network.SIZE, max_length=network.SIZE)]


class Samples(BaseModel):
    """The body of a request; whoever asks for /openapi.json reads it there."""

    model_config = ConfigDict(extra="forbid")
    inputs: Annotated[list[Row], Field(min_length=1, max_length=network.MOST_SAMPLES)]


class Batcher:
    """Collects samples and gives them to the network together, in one worker thread."""

    def __init__(self, most: int, wait: float) -> None:
        self.most, self.wait = most, wait
        self.queue: asyncio.Queue = asyncio.Queue(1000)
        self.worker = ThreadPoolExecutor(1)

    async def answer(self, x: np.ndarray) -> np.ndarray:
        """Probabilities of samples, when their turn has come. Raises ``asyncio.QueueFull``."""
        done = asyncio.get_running_loop().create_future()
        self.queue.put_nowait((x, done))
        return await done

    async def serve(self) -> None:
        """Answer one batch after another."""
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self.queue.get()]
            until = loop.time() + self.wait
            while len(batch) < self.most:
                if self.queue.empty() and loop.time() >= until:
                    break
                with suppress(TimeoutError):
                    batch.append(await asyncio.wait_for(self.queue.get(), max(until - loop.time(), 0.0001)))
            x = np.concatenate([each for each, _ in batch])
            answers = await loop.run_in_executor(self.worker, network.probabilities, x)
            ends = np.cumsum([len(each) for each, _ in batch])[:-1]
            for (_, done), part in zip(batch, np.split(answers, ends), strict=True):
                if not done.cancelled():
                    done.set_result(part)


batcher = Batcher(int(os.environ.get("BATCH", "1")), float(os.environ.get("WAIT_MS", "0")) / 1000)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    serving = asyncio.create_task(batcher.serve())
    yield
    serving.cancel()


app = FastAPI(title="A small network", lifespan=lifespan, redirect_slashes=False)


async def body_of(request: Request) -> bytes:
    """The body, never more of it than is allowed. What is somewhat too large is read to its end and dropped, so that
    whoever sends it gets to read the answer. Raises ``network.Invalid``."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size <= network.MOST_BYTES:
            parts.append(part)
        elif size > 4 * network.MOST_BYTES:
            break
    if size > network.MOST_BYTES:
        raise network.Invalid(413, f"The body is larger than {network.MOST_BYTES:,} bytes.")
    return b"".join(parts)


SCHEMA = {"requestBody": {"required": True, "content": {"application/json": {"schema": Samples.model_json_schema()}}}}


@app.post("/predict", openapi_extra=SCHEMA)
async def predict(body: Annotated[bytes, Depends(body_of)]) -> JSONResponse:
    try:
        x = np.array(Samples.model_validate_json(body).inputs, np.float32)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)[:5]
        status = 400 if faults[0]["type"] == "json_invalid" else 422
        return JSONResponse({"error": faults[0]["msg"], "detail": faults}, status)
    try:
        return JSONResponse(network.written(await batcher.answer(x)))
    except asyncio.QueueFull:
        return JSONResponse({"error": "Too many requests wait already: try again."}, 503, {"Retry-After": "1"})


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.exception_handler(network.Invalid)
async def invalid(_: Request, error: network.Invalid) -> JSONResponse:
    return JSONResponse({"error": str(error)}, error.status, {"Connection": "close"})


if __name__ == "__main__":
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    uvicorn.run(app, host=host, port=port, log_level="warning", limit_concurrency=500, server_header=False)
