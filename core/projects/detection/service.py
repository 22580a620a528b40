"""The detector for programs: ``POST /api/detect`` takes a picture and answers JSON; no screen involved.

``answer`` is a pure function of bytes, content type and query; ``routes`` mounts it in any Starlette application.
"""

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from core.projects.detection.detector import CONFIDENCE, MOST, Raw, detect_file, settled
from core.projects.detection.drawings import CLASSES
from core.projects.detection.exports import listed
from core.projects.detection.tiles import MOST as MOST_PARTS
from core.serving.uploads import FORMATS, MOST_BYTES, Refused

PICTURES = (*(f"image/{name.lower()}" for name in FORMATS), "application/octet-stream")
ALSO = {"image/jpg", "image/pjpeg", "image/x-png", "image/x-bmp", "image/x-ms-bmp"}  # what some programs call them
FORM = "multipart/form-data"
LOOKERS = ThreadPoolExecutor(2, "detector")  # so that no picture holds up the pages
NUMBERS = {"confidence": (CONFIDENCE, 0.001, 1.0), "iou": (MOST, 0.0, 1.0), "parts": (1, 1, MOST_PARTS)}


def answer(body: bytes, content_type: str, query: Mapping[str, str] | None = None) -> tuple[int, dict]:
    """HTTP status and JSON for one request: 200 with the detections, or 4xx with ``{"error": one sentence}``."""
    kind = content_type.split(";")[0].strip().lower()
    if len(body) > MOST_BYTES:
        return 413, {"error": f"The picture is larger than {MOST_BYTES / 1e6:.0f} MB."}
    if kind not in {*PICTURES, *ALSO}:
        return 415, {"error": f"Send {FORM} with one picture, or a picture: {', '.join(PICTURES)}."}
    try:
        wanted = {name: number(name, (query or {}).get(name)) for name in NUMBERS}
        raw = detect_file(body, across=int(wanted["parts"]))
    except Refused as refusal:
        return 422, {"error": str(refusal)}
    return 200, described(raw, wanted["confidence"], wanted["iou"])


def number(name: str, text: str | None) -> float:
    """A setting of the query, within its bounds; raises ``Refused``."""
    usual, low, high = NUMBERS[name]
    if text is None:
        return usual
    try:
        value = float(text[:40])
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise Refused(f"{name} is a number from {low} to {high}.")
    return value


def described(raw: Raw, confidence: float, most: float) -> dict:
    """The detections as JSON, surest first."""
    found, fate = settled(raw, confidence, most)
    return {
        "width": raw.size[0],
        "height": raw.size[1],
        "detections": listed(found, raw.names),
        "suppressed": int((fate.by >= 0).sum()),
        "milliseconds": {stage: round(spent, 2) for stage, spent in raw.milliseconds.items()},
        "notes": list(raw.notes),
    }


def routes() -> list:
    """Starlette routes: the service."""
    from core.serving.bodies import answering

    return [answering("/api/detect", MOST_BYTES, LOOKERS, answer, with_query=True)]


def description() -> dict:
    """The service in OpenAPI 3.1, but for the schema of errors, which all services share."""
    return {"paths": {"/api/detect": path()}, "components": {"schemas": schemas()}}


def path() -> dict:
    """What the one path takes and answers."""
    picture = {"schema": {"type": "string", "format": "binary"}}
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    settings = [
        {"name": name, "in": "query", "schema": {"type": "integer" if name == "parts" else "number", "default": usual,
                                                 "minimum": low, "maximum": high}}
        for name, (usual, low, high) in NUMBERS.items()
    ]  # fmt: skip
    return {"post": {
        "operationId": "detectDrawings",
        "summary": "Find drawings and digits",
        "description": f"A picture of drawings on paper, at most {MOST_BYTES / 1e6:.0f} MB; nothing is kept. Classes: "
        f"{', '.join(CLASSES)}.",
        "parameters": settings,
        "requestBody": {"required": True, "content": {
            **dict.fromkeys(PICTURES, picture),
            FORM: {"schema": {"type": "object", "properties": {"picture": picture["schema"]}}},
        }},
        "responses": {
            "200": {"description": "What was found", "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Detections"}}}},
            "413": {"description": "The body is too large", "content": error},
            "415": {"description": "The content type is not read here", "content": error},
            "422": {"description": "The picture or a setting is refused", "content": error},
        },
    }}  # fmt: skip


def schemas() -> dict:
    """The schemas that ``path`` names, but for that of errors."""
    edge = {"type": "number", "minimum": 0}
    detection = {"type": "object", "required": ["class", "score", "box"], "properties": {
        "class": {"type": "string"}, "score": {"type": "number", "minimum": 0, "maximum": 1},
        "box": {"type": "array", "description": "x1, y1, x2, y2", "minItems": 4, "maxItems": 4, "items": edge},
    }}  # fmt: skip
    whole = {
        "width": {"type": "integer"}, "height": {"type": "integer"},
        "detections": {"type": "array", "items": {"$ref": "#/components/schemas/Detection"}},
        "suppressed": {"type": "integer"},
        "milliseconds": {"type": "object", "additionalProperties": {"type": "number"}},
        "notes": {"type": "array", "items": {"type": "string"}},
    }  # fmt: skip
    return {"Detection": detection, "Detections": {"type": "object", "required": [*whole], "properties": whole}}
