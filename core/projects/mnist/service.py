"""The recogniser for programs: ``POST /api/mnist`` takes a picture or JSON and answers JSON; no screen involved.

``answer`` is a pure function of bytes and content type; ``routes`` mounts it in any Starlette application.
"""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np

from core.models.digits import NAMES
from core.projects.mnist.drawing import Empty
from core.projects.mnist.recognizer import Reading, read, read_file
from core.serving.uploads import FORMATS, MOST_BYTES, Refused

PICTURES = (*(f"image/{name.lower()}" for name in FORMATS), "application/octet-stream")
ALSO = {"image/jpg", "image/pjpeg", "image/x-png", "image/x-bmp", "image/x-ms-bmp"}  # what some programs call them
FORM = "multipart/form-data"
READERS = ThreadPoolExecutor(2, "digits")  # so that no reading holds up the pages
SHAPE = 'Send 28 rows of 28 numbers as {"pixels": [[…], …]}, all from 0 to 1 or all from 0 to 255.'


def answer(body: bytes, content_type: str) -> tuple[int, dict]:
    """HTTP status and JSON for one request: 200 with the reading, or 4xx with ``{"error": one sentence}``."""
    kind = content_type.split(";")[0].strip().lower()
    if len(body) > MOST_BYTES:
        return 413, {"error": f"The picture is larger than {MOST_BYTES / 1e6:.0f} MB."}
    if kind != "application/json" and kind not in {*PICTURES, *ALSO}:
        return 415, {"error": f"Send application/json, {FORM} with one picture, or a picture: {', '.join(PICTURES)}."}
    try:
        reading = read(grey(body)) if kind == "application/json" else read_file(body)
    except (Refused, Empty) as refusal:
        return 422, {"error": str(refusal)}
    return 200, described(reading)


def described(reading: Reading) -> dict:
    """A reading as JSON: the picture as a whole, and its digits as a list in the order they are read."""
    return {
        **said(reading),
        "notes": list(reading.notes),
        "digits": [said(one) for one in reading.answers if one.digit is not None],
    }


def said(reading: Reading) -> dict:
    """What the network says of one digit, or of a picture as a whole, as JSON."""
    return {
        "digit": reading.digit,
        "sentence": reading.sentence,
        "probabilities": {name: round(value, 6) for name, value in reading.named.items()},
    }


def grey(body: bytes) -> np.ndarray:
    """The 28×28 picture in a JSON body as uint8; raises ``Refused``."""
    try:
        pixels = json.loads(body)["pixels"]
        values = np.array(pixels, dtype=np.float64)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError):
        raise Refused(SHAPE) from None
    if values.shape != (28, 28) or not numeric(pixels):
        raise Refused(SHAPE)
    least, most = values.min(), values.max()
    if not (math.isfinite(least) and math.isfinite(most) and least >= 0 and most <= 255):
        raise Refused(SHAPE)
    return np.round(values * (255 if most <= 1 else 1)).astype(np.uint8)


def numeric(rows: list) -> bool:
    """Whether these are numbers, not text that looks like numbers, nor true and false."""
    return set(map(type, chain.from_iterable(rows))) <= {int, float}


def routes() -> list:
    """Starlette routes: the service and its OpenAPI description."""
    from core.serving.bodies import answering, described

    service = answering("/api/mnist", MOST_BYTES, READERS, answer)
    return [service, described("/api/openapi.json", description)]


def description() -> dict:
    """The service in OpenAPI 3.1."""
    picture = {"schema": {"type": "string", "format": "binary"}}
    row = {"type": "array", "minItems": 28, "maxItems": 28, "items": {"type": "number", "minimum": 0, "maximum": 255}}
    pixels = {"type": "array", "minItems": 28, "maxItems": 28, "items": row}
    answered = {
        "digit": {"type": ["integer", "null"], "minimum": 0, "maximum": 9},
        "sentence": {"type": "string"},
        "probabilities": {"type": "object", "required": list(NAMES), "properties": {
            name: {"type": "number", "minimum": 0, "maximum": 1} for name in NAMES}},
    }  # fmt: skip
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Roadmap Lab", "version": "1", "license": {"name": "AGPL-3.0-or-later"}},
        "servers": [{"url": ".."}],  # from this description's own address, so that a base path may come before it
        "paths": {"/api/mnist": {"post": {
            "operationId": "readDigit",
            "summary": "Read handwritten digits",
            "description": f"Any drawing or photograph of digits, at most {MOST_BYTES / 1e6:.0f} MB, as it is or "
            "packed with gzip; nothing is kept.",
            "requestBody": {"required": True, "content": {
                "application/json": {"schema": {
                    "type": "object", "required": ["pixels"], "properties": {"pixels": pixels},
                }},
                **dict.fromkeys(PICTURES, picture),
                FORM: {"schema": {"type": "object", "properties": {"picture": picture["schema"]}}},
            }},
            "responses": {
                "200": {"description": "The reading", "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Reading"}}}},
                "413": {"description": "The body is too large", "content": error},
                "415": {"description": "The content type is not read here", "content": error},
                "422": {"description": "No digit can be read: empty, damaged or refused", "content": error},
            },
        }}},
        "components": {"schemas": {
            "Reading": {"type": "object", "required": [*answered, "notes", "digits"], "properties": {
                **answered,
                "notes": {"type": "array", "items": {"type": "string"}},
                "digits": {"type": "array", "items": {"$ref": "#/components/schemas/Answer"}},
            }},
            "Answer": {"type": "object", "required": list(answered), "properties": answered},
            "Error": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}},
        }},
    }  # fmt: skip
