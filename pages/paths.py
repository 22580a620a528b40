"""Map and paths: every lesson, what it needs and where it leads, and the learner's way through them."""

import streamlit as st

from pages.ui import paths, placement
from pages.ui.words import say

st.markdown(say("# Map and paths\n\nEvery line leads from what a lesson builds on to the lesson."))
paths.picker()
ahead = st.container()
placement.panel()
with ahead:  # once the placement has said what is known
    paths.next_step()
paths.lesson_map()
