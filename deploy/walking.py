"""What there is to set on an open page of the hub, for those who walk through it without a browser."""

from streamlit.testing.v1 import AppTest

from core.lessons.curriculum import Topic


def views(app: AppTest, topic: Topic) -> list[str]:
    """The names of the page's views; one without a name on a page that has no several."""
    return next((list(app_options(pills)) for pills in app.pills if pills.key == f"{topic.key}.view"), [""])


def controls(app: AppTest, topic: Topic) -> dict[str, list]:
    """Every control of the page with the values to try: both ends of sliders, all options of pickers, on and off."""
    found = {}
    for widget in (*app.slider, *app.number_input):
        found[widget.key] = [widget.min, widget.max]
    for widget in (*app.select_slider, *app.selectbox, *app.segmented_control, *app.pills, *app.radio):
        found[widget.key] = list(app_options(widget))
    for widget in (*app.toggle, *app.checkbox):
        found[widget.key] = [True, False]
    own = {key: values for key, values in found.items() if key and key.startswith(f"{topic.key}.")}
    return {key: values for key, values in own.items() if key != f"{topic.key}.view"}


def app_options(widget) -> list:
    """The options of a picker as its value wants them."""
    return [getattr(option, "content", option) for option in widget.options]
