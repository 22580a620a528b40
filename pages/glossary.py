"""Glossary: every symbol and term, what it means, and the lesson that defines it."""

import streamlit as st

from pages.ui import search
from pages.ui.words import say

st.markdown(say("# Glossary\n\nEvery symbol and term, and the lesson that defines it."))
search.box()
search.glossary()
