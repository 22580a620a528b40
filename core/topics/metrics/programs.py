"""The programs of the page: its numbers once more, by scikit-learn, from the predictions in a file beside them."""

import numpy as np

from core.programs import Program, Step
from core.topics.metrics.detector import NUMBERS, Detector
from core.topics.metrics.reports import COMES_TRUE, OWN_WORD, Report

FILE = "predictions.csv"
READ = f"""table = np.loadtxt({FILE!r}, delimiter=",", skiprows=1)
truth, scores = table[:, 0].astype(int), table[:, 1]"""
AT = """from sklearn import metrics

alarm = scores >= threshold
tn, fp, fn, tp = metrics.confusion_matrix(truth, alarm).ravel()
result = {
    "Accuracy": metrics.accuracy_score(truth, alarm, sample_weight=weights),
    "Precision": metrics.precision_score(truth, alarm, sample_weight=weights, zero_division=0),
    "Recall": metrics.recall_score(truth, alarm),
    "Specificity": float(tn / (tn + fp)),
    "F1": metrics.f1_score(truth, alarm, sample_weight=weights, zero_division=0),
}"""
CURVES = """from sklearn import metrics

result = {
    "ROC-AUC": metrics.roc_auc_score(truth, scores),
    "Average precision": metrics.average_precision_score(truth, scores, sample_weight=weights),
}"""
LOGITS = f"""table = np.loadtxt({FILE!r}, delimiter=",", skiprows=1)
truth, logits = table[:, 0].astype(int), table[:, 1:]
answers = logits.argmax(axis=1)"""
CLASSES = """from sklearn import metrics

result = {}
for average in ("micro", "macro", "weighted"):
    settings = {"average": average, "sample_weight": weights, "zero_division": 0}
    result[f"{average} F1"] = metrics.f1_score(truth, answers, **settings)
result["accuracy"] = metrics.accuracy_score(truth, answers, sample_weight=weights)"""
CALIBRATED = """logits = torch.tensor(logits) / temperature
loss = functional.cross_entropy(logits, torch.tensor(truth)).item()
confidence = logits.softmax(dim=1).max(dim=1).values.numpy()
right = answers == truth
bins_of = np.minimum((confidence * bins).astype(int), bins - 1)
error = 0.0
for number in range(bins):
    inside = bins_of == number
    if inside.any():
        error += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
result = {"cross-entropy": loss, "calibration error": float(error), "confidence": float(confidence.mean())}"""
BY_NAME = {  # scikit-learn's words for the numbers of a report
    "Accuracy": "metrics.accuracy_score(truth, answer, sample_weight=weight)",
    "Precision": "metrics.precision_score(truth, answer, sample_weight=weight, zero_division=0)",
    "Recall": "metrics.recall_score(truth, answer, sample_weight=weight)",
    "Specificity": "metrics.recall_score(truth, answer, pos_label=0, sample_weight=weight)",
    "ROC-AUC": "metrics.roc_auc_score(truth, score, sample_weight=weight)",
    "Micro F1": "metrics.f1_score(truth, answer, average='micro', sample_weight=weight)",
    "Macro F1": "metrics.f1_score(truth, answer, average='macro', sample_weight=weight, zero_division=0)",
    OWN_WORD: "(weight * score).sum() / weight.sum()",
}
DRAWN = """random = np.random.default_rng(0)
draws = []
for _ in range(1000):
    places = random.integers(0, len(truth), len(truth))  # as many samples, drawn with replacement
    draws.append((truth[places] == (scores[places] >= threshold)).mean())
print("95% interval of the accuracy:", np.quantile(draws, [0.025, 0.975]))
result = {"Accuracy": float((truth == (scores >= threshold)).mean())}"""


def written(head: str, columns: np.ndarray) -> str:
    """A table (samples, columns) as CSV whose numbers are exact; whole first numbers."""
    lines = [",".join([str(int(row[0])), *map(repr, row[1:])]) for row in columns.tolist()]
    return "\n".join([head, *lines]) + "\n"


def scores_file(detector: Detector) -> dict[str, str]:
    """The truth and the score of every sample."""
    return {FILE: written("truth,score", np.column_stack([detector.truth, detector.scores]))}


def logits_file(truth: np.ndarray, logits: np.ndarray) -> dict[str, str]:
    """The class and the network's outputs of every sample."""
    head = ",".join(["truth", *(f"output {place}" for place in range(logits.shape[1]))])
    return {FILE: written(head, np.column_stack([truth, logits]))}


def weighing(share: float | None) -> str:
    """Weights of the samples for another share of positives."""
    if share is None:
        return "weights = None"
    return (
        f"share = {share!r}  # of positives where the detector will work\n"
        "weights = np.where(truth == 1, share / truth.mean(), (1 - share) / (1 - truth.mean()))"
    )


def program_of_threshold(detector: Detector, threshold: float, share: float | None = None) -> Program:
    """The numbers at a threshold."""
    counts = detector.at(threshold, share)
    shown = {name: float(number(counts)) for name, number in NUMBERS.items()}
    setting = f"threshold = {threshold!r}\n{weighing(share)}"
    steps = (Step("Predictions", READ), Step("A threshold", setting), Step("Metrics", AT))
    return Program("Metrics at a threshold", steps, (), shown, files=scores_file(detector))


def program_of_curves(detector: Detector, share: float | None = None) -> Program:
    """The areas under both curves."""
    found = detector.curve(share)
    shown = {"ROC-AUC": float(found.auc), "Average precision": float(found.average_precision)}
    steps = (Step("Predictions", READ), Step("Share of positives", weighing(share)), Step("Areas", CURVES))
    return Program("Areas under the ROC and the precision-recall curve", steps, (), shown, files=scores_file(detector))


def program_of_interval(detector: Detector, threshold: float) -> Program:
    """A bootstrap interval."""
    shown = {"Accuracy": float(detector.at(threshold).accuracy)}
    steps = (Step("Predictions", READ), Step("Bootstrap", f"threshold = {threshold!r}\n{DRAWN}"))
    return Program("A bootstrap interval", steps, (), shown, files=scores_file(detector))


def program_of_classes(truth: np.ndarray, logits: np.ndarray, rare: int, share: float, shown: dict) -> Program:
    """Averages over classes, one of which counts for less; none if ``rare`` is -1."""
    weights = f"weights = np.where(truth == {rare}, {share!r}, 1.0)"
    steps = (Step("Predictions", LOGITS), Step("How much a sample counts", weights), Step("Averages", CLASSES))
    return Program("Averages over classes", steps, (), shown, files=logits_file(truth, logits))


def program_of_calibration(truth: np.ndarray, logits: np.ndarray, settings: str, shown: dict) -> Program:
    """Calibration at a temperature; ``settings`` are statements that name it and the bins."""
    steps = (Step("Predictions", LOGITS), Step("Temperature", settings), Step("Calibration", CALIBRATED))
    return Program("Calibration", steps, (), shown, files=logits_file(truth, logits))


def program_of_report(report: Report) -> Program:
    """What was reported beside what is in use, from the predictions of both tests."""
    columns, lines, files, shown = (
        "truth, answer, score, weight",
        ["from sklearn import metrics\n", "result = {}"],
        {},
        {},
    )
    sides = (("reported", report.before, report.reported), ("used", report.after, report.used))
    for side, made, values in sides:
        files[f"{side}.csv"] = written(
            columns.replace(" ", ""), np.column_stack([made.truth, made.answer, made.score, made.weight])
        )
        lines.append(f"{columns} = np.loadtxt('{side}.csv', delimiter=',', skiprows=1, unpack=True)")
        for name, value in values.items():
            asked = COMES_TRUE.get(name, name) if side == "used" else name
            lines.append(f"result[{f'{name}, {side}'!r}] = float({BY_NAME[asked]})")
            shown[f"{name}, {side}"] = value
    return Program("A report, and what came of it", (Step("Both tests", "\n".join(lines)),), (), shown, files=files)
