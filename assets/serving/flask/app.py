"""The network behind Flask, served by waitress (Flask's own server is made for development)."""

import os

import network
from flask import Flask, Response, jsonify, request
from waitress import serve
from werkzeug.exceptions import HTTPException

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = network.MOST_BYTES
app.json.sort_keys = False


@app.get("/health")
def health() -> Response:
    return jsonify(status="ok")


@app.post("/predict")
def predict() -> Response:
    return jsonify(network.written(network.probabilities(network.samples(request.get_data()))))


@app.errorhandler(network.Invalid)
def invalid(error: network.Invalid) -> tuple[Response, int]:
    return jsonify(error=str(error)), error.status


@app.errorhandler(HTTPException)
def refused(error: HTTPException) -> tuple[Response, int, dict]:
    """404, 405 and 413 in JSON."""
    headers = {"Allow": ", ".join(error.valid_methods)} if getattr(error, "valid_methods", None) else {}
    return jsonify(error=error.description), error.code or 500, headers


if __name__ == "__main__":
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    # Flask refuses what is somewhat too large in a sentence; waitress hangs up on what is far too large.
    serve(app, host=host, port=port, threads=4, max_request_body_size=4 * network.MOST_BYTES, ident=None)
