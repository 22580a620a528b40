"""What the services for programs take and answer, in OpenAPI 3.1, as one description: ``/api/openapi.json``."""

from collections.abc import Sequence
from importlib import import_module

DESCRIBED = tuple(f"core.projects.{name}.service" for name in ("mnist", "detection", "classifier", "chatbot"))


def description(services: Sequence[str] = DESCRIBED) -> dict:
    """The services' own descriptions joined, under the first one's name; each is imported when it is asked for."""
    parts = [import_module(service).description() for service in services]
    whole = parts[0]
    for part in parts[1:]:
        whole["paths"] |= part["paths"]
        whole["components"]["schemas"] |= part["components"]["schemas"]
    return whole


def routes() -> list:
    """The Starlette route of the description."""
    from core.serving.bodies import described

    return [described("/api/openapi.json", description)]
