"""The hub as a folder of files: ``python -m deploy.showcase FOLDER [--hub URL] [--only SLUG …]``; minutes for all."""

import argparse
import logging
from pathlib import Path

from core.lessons import curriculum
from core.training import warm
from deploy.showcase import site
from deploy.showcase.visits import scenes


def main(arguments: list[str] | None = None) -> None:
    """Visit the lessons and write the folder."""
    parser = argparse.ArgumentParser(prog="make showcase", description="The hub as a folder of files.")
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="SLUG", help="lessons by their address; all of them if none is named"
    )
    parser.add_argument("--hub", default="", help="where the hub runs: every view then links to itself there")
    wanted = parser.parse_args(arguments)
    topics = [topic for topic in curriculum.topics() if not wanted.only or topic.slug in wanted.only]
    if unknown := set(wanted.only) - {topic.slug for topic in topics}:
        parser.error(f"no lesson is called {', '.join(sorted(unknown))}")
    logging.disable(logging.WARNING)  # Streamlit runs without a browser, and would say so at every step
    warm()
    site.shared(wanted.folder)
    for number, topic in enumerate(topics, 1):
        size = site.lesson(wanted.folder, topic, list(scenes(topic)), wanted.hub.rstrip("/"))
        print(f"{number}/{len(topics)} {topic.slug}: {size / 1e6:.1f} MB", flush=True)
    site.front(wanted.folder, topics, wanted.hub.rstrip("/"))


if __name__ == "__main__":
    main()
