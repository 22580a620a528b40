"""Words that come from outside: what a learner typed or a file said is shown, never interpreted."""

import re


def literal(text: str) -> str:
    """Text as Markdown that shows it as it is: an error may quote what a learner's file says."""
    return re.sub(r"([\\`*_\[\]<>$~#|]|:(?=\w|//))", r"\\\1", text)
