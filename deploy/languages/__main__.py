"""Add what a language lacks to its catalogues: ``python -m deploy.languages de [SLUG …] [--quick]``.

Every sentence that is new is an entry with an empty ``msgstr``, to be filled in by hand. Without slugs: the front pages
and the lessons that have a translated text.
"""

import argparse
import logging
from pathlib import Path

import polib

from core.lessons import curriculum
from core.lessons.curriculum import Topic
from core.lessons.languages import FOLDER, language
from deploy.languages import visits
from deploy.languages.sources import ROOT, generalised, source_of


def main(arguments: list[str] | None = None) -> None:
    """Visit the pages and write the catalogues."""
    parser = argparse.ArgumentParser(prog="make words", description="Add what a language lacks to its catalogues.")
    parser.add_argument("code", help="the language's folder in assets/languages")
    parser.add_argument("slugs", nargs="*", help="lessons; the front pages and all translated lessons if there is none")
    parser.add_argument("--quick", action="store_true", help="each view at its first settings only")
    wanted = parser.parse_args(arguments)
    known = language(wanted.code) or parser.error(f"there is no {FOLDER / wanted.code}")
    logging.disable(logging.WARNING)  # Streamlit runs without a browser, and would say so at every step
    slugs = wanted.slugs or list(known.lessons)
    if not wanted.slugs:
        add(known.folder, visits.of_front(wanted.code))
    for slug in slugs:
        topic = curriculum.topic(slug)
        lacking = visits.of_lesson(wanted.code, topic, not wanted.quick)
        print(f"{slug}: {len(lacking)} sentences are lacking", flush=True)
        add(known.folder, lacking, topic)


def add(folder: Path, lacking: list[str], topic: Topic | None = None) -> None:
    """Add sentences to the catalogue of their place in the code; to the chapter's, if they belong to a lesson."""
    for sentence in lacking:
        source = source_of(sentence, topic)
        place = str(source.path.relative_to(ROOT)) if source else ""
        path = folder / f"{catalogue_of(place) or (topic.path.parent.name if topic else 'kit')}.po"
        entries = polib.pofile(str(path)) if path.exists() else blank(folder.name)
        msgid = source.template.known if source else generalised(sentence)
        if not any(polib.pofile(str(other)).find(msgid) for other in folder.glob("*.po")):
            entries.append(polib.POEntry(msgid=msgid, comment=f"{sentence}  ({place})" if source else ""))
            entries.save(str(path))


def catalogue_of(place: str) -> str:
    """The catalogue of a file that all lessons share; none for a lesson's own."""
    if place.startswith(("pages/0", "pages/1", "core/topics/")) or not place:
        return ""
    return "kit" if place.startswith(("pages/", "core/lessons/")) else "core"


def blank(code: str) -> polib.POFile:
    """A catalogue without entries."""
    made = polib.POFile()
    kind = {"MIME-Version": "1.0", "Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "8bit"}
    made.metadata = {"Language": code, **kind}
    return made


if __name__ == "__main__":
    main()
