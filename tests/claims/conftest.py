"""Claims are tested with the engine the pages use once the hub is warm."""

import pytest

from core.training import warm


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    warm()
