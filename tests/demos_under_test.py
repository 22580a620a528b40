"""Demos in processes of their own, and the version of Gradio that their Spaces name."""

from pathlib import Path

from browser import served

from demos import spaces


def started(python: str, folder: Path, *words: str):
    """A Gradio program run in ``folder``, at a port of its own."""
    quiet = "GRADIO_ANALYTICS_ENABLED=False HF_HUB_OFFLINE=1 GRADIO_SERVER_NAME=127.0.0.1 GRADIO_SERVER_PORT={port}"
    return served("sh", "-c", f"cd '{folder}' && {quiet} exec '{python}' {' '.join(words)}", ready="/", wait=200)


def pinned(name: str) -> str:
    """The project's own gradio version, which a demo's sdk_version must be."""
    line = next(line for line in (spaces.ROOT / "requirements.txt").read_text().splitlines() if "gradio==" in line)
    version = line.split("==")[1]
    assert f"sdk_version: {version}" in (spaces.ROOT / "demos" / name / "README.md").read_text()
    return version
