"""A walk around a lesson, for whoever opens one for the first time (assets/components/tour.js)."""

from pages.ui.stage import component

_tour = component("tour", isolate_styles=False)


def mount() -> None:
    """The button that begins it. The steps are what is on the page when it is pressed."""
    _tour(key="tour")
