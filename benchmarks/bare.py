"""What Streamlit itself takes: one slider and one figure of Plotly, the least that a lesson could be."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

st.set_page_config(layout="wide")
waves = st.slider("Waves", 1, 20, 8)
x = np.linspace(0, 1, 200)
st.plotly_chart(go.Figure(go.Scatter(x=x, y=np.sin(2 * np.pi * waves * x)), layout={"height": 320}))
