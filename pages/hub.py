"""The hub: builds the navigation from the curriculum, draws the frame, runs the page."""

from pathlib import Path

import streamlit as st

from core import packages
from core.lessons import curriculum
from pages.ui import frame, memory, search, words
from pages.ui.contents import contents
from pages.ui.words import say, told

ASSETS = Path(__file__).resolve().parent.parent / "assets"

st.set_page_config("Roadmap Lab", ASSETS / "icon.png", layout="wide")
words.switch()
st.logo(ASSETS / "logo.svg", size="large", icon_image=ASSETS / "icon.png")
front = [
    frame.entry(Path(__file__).with_name("home.py"), title=say("Roadmap"), icon=":material/map:", default=True),
    frame.entry(Path(__file__).with_name("paths.py"), title=say("Map and paths"), icon=":material/route:"),
    frame.entry(Path(__file__).with_name("glossary.py"), title=say("Glossary"), icon=":material/menu_book:"),
]
lessons = [frame.entry(topic.path, title=told(topic).title, url_path=topic.slug) for topic in curriculum.topics()]
page = st.navigation([*front, *lessons], position="hidden")
contents([(each.url_path, each.title, each.icon) for each in front], page.url_path)
frame.style()
search.follow([*front, *lessons])
if page not in front:
    packages.imported()
with memory.held():
    page.run()
memory.mount()
search.overlay()
frame.settle()
words.told_all()
