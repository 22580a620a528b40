"""The network behind Streamlit: a page for people. ``python app.py`` is ``streamlit run app.py`` with safe settings."""

import os
import sys

import network
import streamlit as st
from streamlit import runtime
from streamlit.web import cli

SAFE = {
    "server.headless": "true", "browser.gatherUsageStats": "false", "server.showEmailPrompt": "false",
    "server.fileWatcherType": "none", "server.maxUploadSize": "1", "client.showErrorDetails": "none",
}  # fmt: skip


def page() -> None:
    """One text field, one answer."""
    st.title("A small network")
    example = ", ".join(map(str, network.ABOUT["example"]))
    numbers = st.text_area(f"{network.SIZE} numbers", example, max_chars=50_000)
    try:
        x = network.samples(f'{{"inputs": [[{numbers}]]}}'.encode())
    except network.Invalid as error:
        st.error(str(error))
        return
    answer = network.written(network.probabilities(x))["answers"][0]
    st.metric("Answer", answer["class"])
    st.bar_chart(answer["probabilities"])


if __name__ == "__main__" and not runtime.exists():
    host, port = os.environ.get("HOST", "127.0.0.1"), os.environ.get("PORT", "8000")
    options = {**SAFE, "server.address": host, "server.port": port}
    sys.argv = ["streamlit", "run", __file__, *(f"--{name}={value}" for name, value in options.items())]
    raise SystemExit(cli.main())

page()
