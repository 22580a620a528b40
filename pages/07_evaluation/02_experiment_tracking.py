r"""Experiment tracking

Write down every run, find the good ones among hundreds, and learn which of their numbers can be believed.

A trained network is a function of what made it: its score $s = f(\lambda, k)$ depends on settings $\lambda$ and on the
seed $k$. Record both, with the curves and the version of the program, and anybody can repeat the run.

Runs that differ in one setting can be compared, over several seeds. Runs that differ in two cannot.

The best of $n$ runs was chosen by its score, the truth plus a normal error of deviation $\sigma$. Even if all runs are
equal, the best seems better than it is, on average by up to

$$\sigma \sqrt{2 \ln n}$$

So judge the winner by samples that played no part in choosing it.

Needs: probability, training-loop

Roadmap:
- Visualize training: TensorBoard or Weights & Biases

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, sections 11.4 and 11.5
- PyTorch, *torch.utils.tensorboard*; Weights & Biases, *Run offline*
- Inselberg (1985), *The plane with parallel coordinates*
- Pineau and others (2021), *Improving Reproducibility in Machine Learning Research*
- Cawley and Talbot (2010), *On Over-fitting in Model Selection and Subsequent Selection Bias*
- Bouthillier and others (2021), *Accounting for Variance in Machine Learning Benchmarks*
"""

from core.topics.experiment_tracking import live
from core.topics.experiment_tracking.compare_view import COMPARE
from core.topics.experiment_tracking.events import Packed, packed
from core.topics.experiment_tracking.live_view import LIVE
from core.topics.experiment_tracking.reproduce_view import REPRODUCE
from core.topics.experiment_tracking.runs_view import RUNS
from core.topics.experiment_tracking.seen import Seen, digest, seen
from core.topics.experiment_tracking.select_view import SELECT
from core.topics.experiment_tracking.sweep import SWEEP, sweep
from core.topics.experiment_tracking.take_away_view import TAKE_AWAY
from pages import ui
from pages.ui import served

trained = ui.cached(sweep)
written = ui.cached(packed, "Writing…", hash_funcs={Seen: digest})


def runs() -> Seen:
    return seen(trained(**page.ask_all(SWEEP), seed=page.seed), page.visited())


def files() -> Packed:
    return written(runs())


def board() -> None:
    found = files()
    page.open(LIVE, found)
    name, *rest = live.berthed(found)
    served.offered(page, name, *rest, lasts="it ends when you leave this view or close the tab")
    served.embedded(page, name, "TensorBoard with the runs of this visit")


with ui.lesson(__file__) as page:
    page.views(
        {
            "Runs": lambda: page.open(RUNS, runs()),
            "Compare": lambda: page.open(COMPARE, runs()),
            "Reproduce": REPRODUCE,
            "Best of many": SELECT,
            "Take away": lambda: page.open(TAKE_AWAY, files()),
            "TensorBoard": board,
        }
    )
