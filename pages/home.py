"""The front page: the roadmap as a map, what is done, what is next, and the demos."""

import streamlit as st

from core.lessons import curriculum
from pages.ui import atlas

atlas.title()
words = atlas.search_box()
if words:
    atlas.results(curriculum.search(words), words)
else:
    atlas.next_step()
    atlas.chapters()
    atlas.demos()
    atlas.take_away()
st.caption("Your progress stays in this browser. No account, no tracking, and nothing is sent anywhere.")
