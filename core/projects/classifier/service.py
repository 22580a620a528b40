"""The classifier for programs: ``POST /api/classifier`` takes a picture, or a zip of classes and of pictures to sort.

``answer`` is a pure function of bytes and content type; ``routes`` mounts it in any Starlette application.
"""

from concurrent.futures import ThreadPoolExecutor

from core.projects.classifier import doubts, sketches
from core.projects.classifier.gallery import Album
from core.projects.classifier.incoming import MOST_ZIPPED, Arrived, finished, read, unzipped
from core.projects.classifier.study import Trained, trained
from core.projects.classifier.why import Answer, answered
from core.serving.uploads import FORMATS, MOST_BYTES, Refused

ASKED = "?"  # the folder of a zip whose pictures are to be sorted
ZIPS = ("application/zip", "application/x-zip-compressed")
PICTURES = (*(f"image/{name.lower()}" for name in FORMATS), "image/jpg", "application/octet-stream")
FORM = "multipart/form-data"
WORKERS = ThreadPoolExecutor(1, "classifier")  # a zip takes seconds: one at a time, so that pages keep a core
KEYS = ("names", "held_out", "interval", "warnings", "answers", "refused")


def answer(body: bytes, content_type: str) -> tuple[int, dict]:
    """HTTP status and JSON for one request: 200 with the answers, or 4xx with ``{"error": one sentence}``."""
    kind = content_type.split(";")[0].strip().lower()
    is_zip = kind in ZIPS or body.startswith(b"PK\x03\x04")
    if not is_zip and kind not in PICTURES:
        return 415, {"error": f"Send a zip ({ZIPS[0]}), a picture ({', '.join(PICTURES)}), or either in {FORM}."}
    if len(body) > (most := MOST_ZIPPED if is_zip else MOST_BYTES):
        return 413, {"error": f"The body is larger than {most / 1e6:.0f} MB."}
    try:
        return 200, of_zip(body) if is_zip else of_picture(body)
    except (Refused, ValueError) as refusal:
        return 422, {"error": str(refusal)}


def of_picture(body: bytes) -> dict:
    """What the classifier of the shipped sketches says of one picture."""
    found = trained(sketches.clean())
    return described(found, [("picture", answered(found, read("picture", body)))], Arrived())


def of_zip(body: bytes) -> dict:
    """Train on the folders of a zip, and answer for the pictures in the folder "?". Raises ``Refused``."""
    came = finished(unzipped(body))
    known = Arrived(tuple(pair for pair in came.pictures if pair[0] != ASKED), came.refused)
    found = trained(known.into(Album()))
    replies = [(one.name, answered(found, one)) for name, one in came.pictures if name == ASKED]
    return described(found, replies, came)


def described(found: Trained, replies: list[tuple[str, Answer]], came: Arrived) -> dict:
    """Everything as JSON."""
    right, count = found.study.score
    low, high = found.study.accuracy_interval
    return {
        "names": list(found.names),
        "held_out": {"right": right, "pictures": count},
        "interval": [round(low, 4), round(high, 4)],
        "warnings": [{"name": each.name, "sentence": each.sentence} for each in doubts.doubts(found)],
        "answers": [
            {
                "picture": name, "class": None if reply.refused else reply.name, "sentence": reply.sentence,
                "probabilities": {own: round(chance, 6) for own, chance in reply.named.items()},
                "likeness": round(reply.familiar, 4),
            }
            for name, reply in replies
        ],
        "refused": list(came.told),
    }  # fmt: skip


def routes() -> list:
    """Starlette routes: the service and its OpenAPI description."""
    from core.serving.bodies import answering, described

    service = answering("/api/classifier", MOST_ZIPPED, WORKERS, answer)
    return [service, described("/api/classifier/openapi.json", description)]


def description() -> dict:
    """The service in OpenAPI 3.1."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    form = {"schema": {"type": "object", "properties": {"file": binary["schema"]}}}
    error = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    texts = {"type": "array", "items": {"type": "string"}}
    answer_schema = {
        "type": "object", "required": ["picture", "class", "sentence", "probabilities", "likeness"],
        "properties": {
            "picture": {"type": "string"}, "class": {"type": ["string", "null"]}, "sentence": {"type": "string"},
            "probabilities": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1}},
            "likeness": {"type": "number"},
        },
    }  # fmt: skip
    warning = {"type": "object", "properties": {"name": {"type": "string"}, "sentence": {"type": "string"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Roadmap Lab: image classifier", "version": "1", "license": {"name": "AGPL-3.0-or-later"}},
        "servers": [{"url": "../.."}],
        "paths": {"/api/classifier": {"post": {
            "operationId": "classify",
            "summary": "Train on a zip of class folders and sort the pictures in its folder “?”",
            "description": f"A zip of at most {MOST_ZIPPED / 1e6:.0f} MB with a folder for each class; or one picture, "
            "which the classifier of the shipped sketches answers. Nothing is kept but features by content hash.",
            "requestBody": {"required": True, "content": {
                ZIPS[0]: binary, **dict.fromkeys(PICTURES, binary), FORM: form,
            }},
            "responses": {
                "200": {"description": "The answers", "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Answers"}}}},
                "413": {"description": "The body is too large", **error},
                "415": {"description": "The content type is not read here", **error},
                "422": {"description": "Nothing can be learned or answered from this", **error},
            },
        }}},
        "components": {"schemas": {
            "Answers": {"type": "object", "required": list(KEYS), "properties": {
                "names": texts, "held_out": {"type": "object"},
                "interval": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
                "warnings": {"type": "array", "items": warning}, "refused": texts,
                "answers": {"type": "array", "items": answer_schema},
            }},
            "Error": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}},
        }},
    }  # fmt: skip
