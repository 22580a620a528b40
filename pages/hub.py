"""The hub: builds the navigation from the curriculum, draws the frame, runs the page."""

from pathlib import Path

import streamlit as st

from core import packages
from core.lessons import curriculum
from pages.ui import frame, memory, search

ASSETS = Path(__file__).resolve().parent.parent / "assets"

st.set_page_config("Roadmap Lab", ASSETS / "icon.png", layout="wide")
st.logo(ASSETS / "logo.svg", size="large", icon_image=ASSETS / "icon.png")
home = frame.entry(Path(__file__).with_name("home.py"), title="Roadmap", icon=":material/map:", default=True)
words = frame.entry(Path(__file__).with_name("glossary.py"), title="Glossary", icon=":material/menu_book:")
ways = frame.entry(Path(__file__).with_name("paths.py"), title="Map and paths", icon=":material/route:")
sections = {
    f"{chapter.number} · {chapter.title}": [
        frame.entry(topic.path, title=topic.title, url_path=topic.slug, help=topic.promise) for topic in chapter.topics
    ]
    for chapter in curriculum.chapters()
    if chapter.topics
}
page = st.navigation({"": [home, ways, words], **sections}, expanded=True)
frame.style()
search.follow()
if page not in (home, ways, words):
    packages.imported()
with memory.held():
    page.run()
memory.mount()
search.overlay()
frame.settle()
