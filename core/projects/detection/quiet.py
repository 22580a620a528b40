"""Ultralytics without what it does unasked: no installing, no messages home, no look whether the internet is there.

Import this before the first ``import ultralytics``.
"""

import functools
import os
import tempfile
from pathlib import Path


@functools.lru_cache(maxsize=1)
def hushed() -> None:
    """Set what Ultralytics reads when it is imported; its settings go to a folder of this project's."""
    os.environ["YOLO_AUTOINSTALL"] = "False"
    os.environ["YOLO_OFFLINE"] = "True"
    os.environ.setdefault("YOLO_VERBOSE", "False")
    os.environ.setdefault("YOLO_CONFIG_DIR", str(settings_folder()))
    from ultralytics import settings

    settings.update(sync=False)


def settings_folder() -> Path:
    """Where Ultralytics keeps its settings: the cache, or a temporary folder where that cannot be written."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "roadmap-lab" / "ultralytics"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.gettempdir())
    return folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir())
