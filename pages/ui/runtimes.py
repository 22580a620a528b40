"""The runtimes in the page: a table that the browser fills in, and what it reports."""

from pages.ui.stage import component

_runtimes = component("runtimes", isolate_styles=False)


def mount(page, data: dict) -> object:
    """Let the browser answer ``data`` (pixels, the server's logits, where the runtimes are); what it measured, which
    comes from a browser and may be anything, or None while it has not."""
    with page.right:
        return _runtimes(key=f"{page.topic.key}.runtimes", data=data, on_measured_change=lambda: None).measured
