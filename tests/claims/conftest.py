"""Claims are tested with the engine the pages use once the hub is warm."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def compiled(compilation) -> None:
    """Claims are tested with the engine that serves the pages."""
