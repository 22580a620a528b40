"""The one error for what a learner brings, and how names and cells are quoted in it."""


class OwnDataError(ValueError):
    """The learner's data cannot be used; the message is one sentence for the learner."""


def short(text: object) -> str:
    """A name or a cell in quotation marks, on one line, at most 40 characters."""
    text = "".join(character if character.isprintable() else " " for character in str(text)[:200])
    text = " ".join(text.split())
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"
