"""The front page: the chapters, what is done, what is next on the learner's path, and the demos."""

import streamlit as st

from pages.ui import atlas, paths, review, search
from pages.ui.words import say

atlas.title()
atlas.projects()
search.box()
paths.picker()
paths.next_step()
paths.to_the_map()
review.panel()
atlas.chapters()
atlas.demos()
atlas.take_away()
st.caption(say("Your progress stays in this browser. No account, no tracking, and nothing is sent anywhere."))
