"""Ultralytics without what it does unasked: no installing, no messages home, no look whether the internet is there, and
nothing changed in the libraries that others use beside it.

Import it by calling ``hushed`` first.
"""

import functools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@functools.lru_cache(maxsize=1)
def hushed() -> None:
    """Import Ultralytics with its settings in a folder of this project's."""
    os.environ["YOLO_AUTOINSTALL"] = "False"
    os.environ["YOLO_OFFLINE"] = "True"
    os.environ.setdefault("YOLO_VERBOSE", "False")
    os.environ.setdefault("YOLO_CONFIG_DIR", str(settings_folder()))
    with untouched():
        from ultralytics import settings
        from ultralytics.nn import tasks  # noqa: F401  # what it puts elsewhere, it puts there when it is imported

        settings.update(sync=False)


@contextmanager
def untouched() -> Iterator[None]:
    """What is imported in here exchanges functions of Pillow, OpenCV and PyTorch, how numbers are printed and how many
    threads there are; all are put back.

    Pillow's matters most: Ultralytics' own ``open`` wants to install a package when a stranger's file is no picture.
    """
    import cv2
    import numpy as np
    import torch
    from PIL import Image

    places = ((Image, "open"), (torch, "save"), (torch, "load"), (cv2, "imread"), (cv2, "imwrite"), (cv2, "imshow"))
    before = [getattr(place, name) for place, name in places]
    printed, threads, own_threads = np.get_printoptions(), cv2.getNumThreads(), torch.get_num_threads()
    try:
        yield
    finally:
        for (place, name), function in zip(places, before, strict=True):
            setattr(place, name, function)
        np.set_printoptions(**printed)
        torch.set_printoptions(profile="default")
        cv2.setNumThreads(threads)
        torch.set_num_threads(own_threads)


def settings_folder() -> Path:
    """Where Ultralytics keeps its settings: the cache, or a temporary folder where that cannot be written."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "roadmap-lab" / "ultralytics"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.gettempdir())
    return folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir())
