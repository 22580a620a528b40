"""The network behind LitServe, which batches: ``BATCH`` requests at most, ``WAIT_MS`` milliseconds at the latest."""

import os

import litserve
import network
import numpy as np
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, field_validator

BATCH, WAIT = int(os.environ.get("BATCH", "8")), float(os.environ.get("WAIT_MS", "2")) / 1000


class Samples(BaseModel):
    """The body of a request. It is checked at the door: an error in the worker would fail the whole batch."""

    inputs: list

    @field_validator("inputs")
    @classmethod
    def valid(cls, rows: list) -> list:
        """The rows, if the network takes them."""
        network.checked({"inputs": rows})
        return rows


class Served(litserve.LitAPI):
    """A request is decoded, perhaps batched, answered by a worker process, and encoded."""

    def setup(self, device: str) -> None:
        self.network = network

    def decode_request(self, request: Samples) -> np.ndarray:
        return np.array(request.inputs, np.float32)

    def batch(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
        return inputs

    def predict(self, inputs: list[np.ndarray] | np.ndarray) -> list[np.ndarray] | np.ndarray:
        if isinstance(inputs, np.ndarray):  # BATCH is 1
            return self.network.probabilities(inputs)
        ends = np.cumsum([len(each) for each in inputs])[:-1]
        return np.split(self.network.probabilities(np.concatenate(inputs)), ends)

    def unbatch(self, output: list[np.ndarray]) -> list[np.ndarray]:
        return output

    def encode_response(self, output: np.ndarray) -> dict:
        return network.written(output)


async def refused(_: Request, error: RequestValidationError) -> JSONResponse:
    """What is wrong with a request, without repeating what was sent."""
    return JSONResponse({"error": str(error.errors()[0]["msg"])}, 422)


if __name__ == "__main__":
    api = Served(max_batch_size=BATCH, batch_timeout=WAIT, api_path="/predict")
    server = litserve.LitServer(api, accelerator="cpu", healthcheck_path="/health", max_payload_size=network.MOST_BYTES)
    server.app.exception_handler(RequestValidationError)(refused)
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    server.run(host=host, port=port, generate_client_file=False, log_level="warning", num_api_servers=1)
