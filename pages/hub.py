"""The hub: builds the navigation from the curriculum, draws the frame, runs the page."""

from pathlib import Path

import streamlit as st

from core import packages
from core.lessons import curriculum
from pages.ui import frame, memory, search, words
from pages.ui.words import say, told

ASSETS = Path(__file__).resolve().parent.parent / "assets"

st.set_page_config("Roadmap Lab", ASSETS / "icon.png", layout="wide")
words.switch()
st.logo(ASSETS / "logo.svg", size="large", icon_image=ASSETS / "icon.png")
home = frame.entry(Path(__file__).with_name("home.py"), title=say("Roadmap"), icon=":material/map:", default=True)
terms = frame.entry(Path(__file__).with_name("glossary.py"), title=say("Glossary"), icon=":material/menu_book:")
ways = frame.entry(Path(__file__).with_name("paths.py"), title=say("Map and paths"), icon=":material/route:")
sections = {
    f"{chapter.number} · {say(chapter.title)}": [
        frame.entry(topic.path, title=topic.title, url_path=topic.slug) for topic in map(told, chapter.topics)
    ]
    for chapter in curriculum.chapters()
    if chapter.topics
}
page = st.navigation({"": [home, ways, terms], **sections}, expanded=True)
frame.style()
search.follow()
if page not in (home, ways, terms):
    packages.imported()
with memory.held():
    page.run()
memory.mount()
search.overlay()
frame.settle()
