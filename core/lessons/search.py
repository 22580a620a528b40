"""What the search box knows: all lessons and the glossary, as one file for each language that the browser searches by
itself."""

import json
import re
from functools import partial

from core.lessons import curriculum, glossary
from core.lessons.curriculum import Topic
from core.lessons.languages import ENGLISH, codes, language
from core.serving.files import Made


def index(code: str = ENGLISH) -> bytes:
    """Everything that can be found, as JSON: each item's ``name``, the ``slug`` and the ``lesson`` that it leads to,
    the sentence that is ``shown``, and ``fields``, the texts that are searched, with what a word in each is worth."""
    return json.dumps([*lessons(code), *terms(code)], ensure_ascii=False, separators=(",", ":")).encode()


def lessons(code: str = ENGLISH) -> list[dict]:
    """The lessons: title before roadmap lines before promise before idea; by their English titles in any language."""
    return [
        {
            "name": name,
            "slug": topic.slug,
            "lesson": "",
            "shown": promise,
            "fields": [
                [8, " ".join(dict.fromkeys((name, topic.title)))],
                [4, " ".join(line.text for line in topic.lines)],
                [2, promise],
                [1, re.sub(r"[*$`]", "", idea)],
            ],
        }
        for topic in curriculum.topics()
        for name, promise, idea in [told(topic, code)]
    ]


def told(topic: Topic, code: str) -> tuple[str, str, str]:
    """A lesson's title, promise and idea in a language, as far as they are translated."""
    if (known := language(code)) is None:
        return topic.title, topic.promise, topic.idea
    said = known.told(topic)
    return known.said(said.title).text, known.said(said.promise).text, said.idea


def terms(code: str = ENGLISH) -> list[dict]:
    """The glossary's entries: name before meaning; by their English names in any language."""
    return [
        {
            "name": said.name,
            "slug": entry.lessons[0].slug,
            "lesson": told(entry.lessons[0], code)[0],
            "shown": said.meaning,
            "fields": [[9, " ".join(dict.fromkeys((said.name, entry.name, entry.spoken)))], [1, said.meaning]],
        }
        for entry in glossary.entries()
        for said in [glossary.told(entry, code)]
    ]


INDEXES = {code: Made(f"search-{code}.json", partial(index, code), "application/json") for code in codes()}
INDEX = INDEXES[ENGLISH]
