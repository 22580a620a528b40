"""Glossary: every symbol and term, what it means, and the lesson that defines it."""

import streamlit as st

from pages.ui import search

st.markdown("# Glossary\n\nEvery symbol and term, and the lesson that defines it.")
search.box()
search.glossary()
