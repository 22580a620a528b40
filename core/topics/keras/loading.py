"""Keras on its torch backend, imported when it is first needed: that takes seconds and 230 MB of memory."""

import os
import threading


def keras_on_torch():
    """The package ``keras``. Which backend it has is decided by whoever imports it first."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    return keras


def warm() -> None:
    """Import Keras in the background: the views behind the first one then do not wait for it."""
    threading.Thread(target=keras_on_torch, name="keras", daemon=True).start()
