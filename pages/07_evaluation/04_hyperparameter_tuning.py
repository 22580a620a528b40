r"""Hyperparameter tuning

Search by hand, by grid, at random, with Optuna and with Ray Tune, and see what each of them pays for what it finds.

Training finds weights; learning rate, weight decay and width have to be chosen before it. They are chosen by the loss
$L(\lambda)$ on *validation* samples, where $\lambda$ stands for all settings. Every look at $L$ costs a whole training,
and nobody knows its shape.

With $n$ random looks, the best of them lies among the best share $q$ of all settings with probability

$$1 - (1 - q)^n$$

whatever the shape. Better searches look where good settings were (TPE) or stop bad trainings early (ASHA, median
pruning). Whatever was chosen by validation samples has to be judged by others.

Needs: optimizers, regularization

Roadmap:
- Perform hyperparameter tuning (manual, grid, optuna, RayTune)

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, section 11.4
- CS231n, *Neural Networks Part 3: hyperparameter optimization*
- Deep Learning Specialization, course 2, week 3
- *Dive into Deep Learning*, chapter 19
- Bergstra and Bengio (2012), *Random Search for Hyper-Parameter Optimization*
- Bergstra and others (2011), *Algorithms for Hyper-Parameter Optimization* (TPE); Li and others (2020), *ASHA*
"""

from core.figures.planes import canvas
from core.topics.hyperparameter_tuning.programs import program_of_search
from core.topics.hyperparameter_tuning.study import DATA, METHODS, OWN, Problem, missing, study, where_set
from core.topics.hyperparameter_tuning.study_view import studied
from core.topics.hyperparameter_tuning.views import VIEWS
from pages import ui


def own_problem() -> None:
    data, noise = page.pick("Data", DATA), page.slider("Noise", 0.0, 0.5, 0.1, 0.05)
    method, trials = page.pick("Search", METHODS), page.scale("Trials", (10, 20, 40, 80), 10)
    rows = page.points(2) if data == OWN else ()
    problem = Problem(data, noise, page.scale("Epochs", (20, 60, 100), 60), rows, page.seed)
    page.note(missing(problem) or "Every trial trains a network of two hidden layers; half of the samples validate.")
    if data == OWN:
        page.show(canvas(rows), source=where_set(problem), clicked=page.add_point)
    if not missing(problem):
        page.code(program_of_search(problem, method, trials))
        if found := page.job("Search", study, problem, method, trials):
            page.display(studied(found), found)


with ui.lesson(__file__) as page:
    page.views({**VIEWS, "Your problem": own_problem})
