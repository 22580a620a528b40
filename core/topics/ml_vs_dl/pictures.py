"""Learners side by side, over the number of examples."""

from core.figures.curves import bands, bars
from core.figures.picture import INK, Picture
from core.topics.ml_vs_dl.numbers import Race


def race_curves(race: Race, size: int, height: int = 400) -> Picture:
    """Held-out accuracy of each learner against the number of training images, with bands over seeds."""
    picture = bands(race.sizes, race.accuracies, ("Training images", "Held-out accuracy"), height, log="x")
    line = {"color": INK, "width": 1, "dash": "dot"}
    mark = {"type": "line", "x0": size, "x1": size, "yref": "paper", "y0": 0, "y1": 1, "line": line}
    picture.layout.update(shapes=[mark])
    names = [str(size) if size < 1000 else f"{size // 1000}k" for size in race.sizes]
    picture.layout["xaxis"] |= {"tickvals": list(race.sizes), "ticktext": names, "tickangle": 0}
    picture.layout["yaxis"] |= {"tickformat": ".0%"}
    return picture


def race_bars(race: Race, size: int, height: int = 330) -> Picture:
    """Held-out accuracy of each learner at one number of training images; whiskers are the seeds' deviation."""
    column = race.sizes.index(size)
    values = {name: accuracies[:, column] for name, accuracies in race.accuracies.items()}
    picture = bars(values, ("", "Held-out accuracy"), height, yaxis={"range": [0, 1], "tickformat": ".0%"})
    return picture.described(f"With {size} training images. {picture.alt}")
