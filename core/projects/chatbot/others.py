"""Another model for the chat, by name: what is said of it first, and what it takes until it speaks. Knows no screen."""

from collections.abc import Generator
from functools import partial
from typing import NamedTuple

from core.jobs import BusyError, start
from core.models import language
from core.models.hub import Offer, UnknownModelError
from core.models.language import published
from core.projects.chatbot.talk import Talk

LONGEST = 300  # characters of a name
HELP = (
    "Any instruct model of huggingface.co, such as Qwen/Qwen3-0.6B, or a folder of this machine. Its size and "
    "licence are shown first; it is downloaded only at the press of a button."
)


class Offered(NamedTuple):
    """A sentence about a model; whether the Hub can be asked about it now, and whether it can be fetched."""

    sentence: str
    ask: bool = False
    fetch: bool = False


def taken_up(talk: Talk, known: Offer, name: str) -> None:
    """Let a model that is on this machine speak from now on; ``name`` is what was typed for it."""
    talk.change(known.name, partial(published.language, name), partial(published.prepared, name))


def chosen(talk: Talk, name: str) -> Offered:
    """A model by its name on the Hub or its folder, the one that ships for no name; it speaks from now on if it is on
    this machine. Asks no network."""
    name = name.strip()
    if not name:
        talk.change(language.NAME)
        return Offered(f"{language.NAME} speaks.")
    try:
        known = published.offer(name)
    except UnknownModelError as refusal:
        return Offered(str(refusal))
    if known.folder:
        taken_up(talk, known, name)
        return Offered(f"{known.sentence} It speaks from now on.")
    return Offered(known.sentence, ask=not known.megabytes, fetch=bool(known.megabytes))


def looked_up(name: str) -> Offered:
    """The same with its size and licence, for which huggingface.co is asked."""
    try:
        known = published.looked_up(published.offer(name).name)
    except UnknownModelError as refusal:
        return Offered(str(refusal), ask=True)
    if not known.megabytes:
        return Offered(f"{known.name} has no weights as safetensors, and others are not opened here.")
    return Offered(known.sentence, fetch=True)


def fetched(talk: Talk, name: str) -> Generator[Offered, None, None]:
    """Download a model and let it speak; who stops looking stops it before its next step."""
    try:
        job = start(published.prepared, name.strip(), True, owner=talk.owner)
    except BusyError as refusal:
        yield Offered(str(refusal), fetch=True)
        return
    try:
        while not job.finished.wait(0.3):
            yield Offered(f"{job.message or 'Waiting in the line'} … {job.seconds:.0f} s")
        yield Offered(job.error, fetch=True) if job.status == "failed" else chosen(talk, name)
    finally:
        job.cancel()
