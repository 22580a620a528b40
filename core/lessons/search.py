"""What the search box knows: all lessons and the glossary, as one file that the browser searches by itself."""

import json
import re

from core.lessons import curriculum, glossary
from core.serving.files import Made


def index() -> bytes:
    """Everything that can be found, as JSON: each item's ``name``, the ``slug`` and the ``lesson`` that it leads to,
    the sentence that is ``shown``, and ``fields``, the texts that are searched, with what a word in each is worth."""
    return json.dumps([*lessons(), *terms()], ensure_ascii=False, separators=(",", ":")).encode()


def lessons() -> list[dict]:
    """The lessons: title before roadmap lines before promise before idea."""
    return [
        {
            "name": topic.title,
            "slug": topic.slug,
            "lesson": "",
            "shown": topic.promise,
            "fields": [
                [8, topic.title],
                [4, " ".join(line.text for line in topic.lines)],
                [2, topic.promise],
                [1, re.sub(r"[*$`]", "", topic.idea)],
            ],
        }
        for topic in curriculum.topics()
    ]


def terms() -> list[dict]:
    """The glossary's entries: name before meaning."""
    return [
        {
            "name": entry.name,
            "slug": entry.lessons[0].slug,
            "lesson": entry.lessons[0].title,
            "shown": entry.meaning,
            "fields": [[9, f"{entry.name} {entry.spoken}"], [1, entry.meaning]],
        }
        for entry in glossary.entries()
    ]


INDEX = Made("search.json", index, "application/json")
