"""What the hub's services for programs take and answer, in OpenAPI 3.1: ``/api/openapi.json``."""

from core.projects.classifier import service as classifier
from core.projects.detection import service as detection
from core.projects.mnist import service as mnist


def description() -> dict:
    """All services that read pictures, as one description."""
    whole = mnist.description()
    whole["paths"]["/api/detect"] = detection.path()
    whole["components"]["schemas"] |= detection.schemas()
    sorting = classifier.description()
    whole["paths"] |= sorting["paths"]
    whole["components"]["schemas"] |= sorting["components"]["schemas"]
    return whole


def routes() -> list:
    """The Starlette route of the description."""
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    async def openapi(request: Request) -> Response:
        return JSONResponse(description())

    return [Route("/api/openapi.json", openapi, methods=["GET"])]
