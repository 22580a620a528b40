r"""Evaluation metrics

One network, many numbers that judge it: move the threshold, the costs and the crowd, and see which of them lies.

A detector gives each case a score; from a threshold on the answer is yes. $TP$ alarms are true and $FP$ false, $FN$
positives are missed. That gives *precision* $P$, *recall* $R$ and their harmonic mean $F_1$:

$$P = \frac{TP}{TP + FP} \qquad R = \frac{TP}{TP + FN} \qquad F_1 = \frac{2\,P\,R}{P + R}$$

The *ROC curve* shows recall against the share of negatives that raise an alarm, for every threshold. The area under it
is the chance that a random positive scores above a random negative. For several classes, *micro* averages over samples,
*macro* over classes. *Calibration* asks whether answers given with 90% confidence are right nine times in ten.

Needs: probability

Roadmap:
- Learn model evaluation metrics:
- Accuracy, Precision, Recall, F1
- ROC-AUC, Confusion Matrix

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, section 11.1
- Deep Learning Specialization, course 3, week 1
- *Dive into Deep Learning*, sections 4.6 and 4.7
- Fawcett (2006), *An introduction to ROC analysis*
- Saito and Rehmsmeier (2015), *The precision-recall plot is more informative than the ROC plot*
- Guo and others (2017), *On calibration of modern neural networks*
- Efron and Tibshirani (1993), *An Introduction to the Bootstrap*
"""

from core.topics.metrics import own
from core.topics.metrics.own_view import OWN_VIEW
from core.topics.metrics.threshold_view import Looked
from core.topics.metrics.views import VIEWS
from pages import ui

example = ui.cached(own.example)


def of_file(file: bytes) -> Looked:
    sheet = own.read(file)
    columns = page.ask_all(own.columns_of(sheet))
    return own.detector(sheet, **columns, positive_label=page.ask(own.positive_of(sheet, columns["labels"])))


def your_scores() -> None:
    file = page.file("Your file of scores", ["csv", "tsv", "txt"], own.WANTED)
    page.open(OWN_VIEW, of_file(file) if file else example(seed=page.seed))


with ui.lesson(__file__) as page:
    page.views({**VIEWS, "Your scores": your_scores})
