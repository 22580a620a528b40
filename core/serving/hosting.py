"""Whether this process serves people who are not at its machine: for them nothing is downloaded to its disk, and what
they name is never a folder of it. Whoever serves others says so in the environment."""

import os

VARIABLE = "ROADMAP_LAB_HOSTED"  # anything but nothing: the visitors are strangers
SENTENCE = "On this server only the models that lie on it are used; the lab on your own machine takes others by name."


def refuse_strangers(error: type[ValueError]) -> None:
    """Raises ``error`` where visitors are strangers, with one sentence for them."""
    if os.environ.get(VARIABLE):
        raise error(SENTENCE)
