"""The network behind Ray Serve: replicas in processes of their own, on one machine or many."""

import os
import secrets
import signal
import threading

# Ray's own ports may be open to other machines, whatever address it is given: a token of this run's own closes them.
os.environ["RAY_AUTH_MODE"] = "token"
os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))

import network
import numpy as np
import ray
from ray import serve
from starlette.requests import Request
from starlette.responses import JSONResponse

BATCH, WAIT = int(os.environ.get("BATCH", "8")), float(os.environ.get("WAIT_MS", "2")) / 1000


@serve.deployment(num_replicas=1, max_ongoing_requests=100, ray_actor_options={"num_cpus": 1})
class Served:
    """Answers requests; those that come together are answered together."""

    @serve.batch(max_batch_size=BATCH, batch_wait_timeout_s=WAIT)
    async def answer(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
        ends = np.cumsum([len(one) for one in inputs])[:-1]
        return np.split(network.probabilities(np.concatenate(inputs)), ends)

    async def __call__(self, request: Request) -> JSONResponse:
        if request.url.path == "/health":
            return JSONResponse({"status": "ok"})
        if request.url.path != "/predict":
            return JSONResponse({"error": "Send a POST to /predict."}, 404)
        if request.method != "POST":
            return JSONResponse({"error": "Send a POST to /predict."}, 405, {"Allow": "POST"})
        try:
            x = network.samples(await request.body())
        except network.Invalid as error:
            return JSONResponse({"error": str(error)}, error.status)
        return JSONResponse(network.written(await self.answer(x)))


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    ray.init(
        "local", num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False,
        object_store_memory=100_000_000, runtime_env={"env_vars": {"PYTHONPATH": here}},
    )  # fmt: skip
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    serve.start(proxy_location="HeadOnly", http_options={"host": host, "port": port})
    serve.run(Served.bind(), route_prefix="/")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    ray.shutdown()
