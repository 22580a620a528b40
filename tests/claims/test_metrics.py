"""What the page “Evaluation metrics” states, on fresh seeds, and its numbers against scikit-learn and torchmetrics."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.data import OwnDataError
from core.lessons.controls import defaults
from core.metrics import calibration
from core.metrics.binary import confusion, curve, interval, pair_share, resamples, with_positives
from core.metrics.classes import AVERAGES, averaged, matrix
from core.topics.metrics import own
from core.topics.metrics.calibration_view import question as how_sure
from core.topics.metrics.classes_view import alarming, moves, question
from core.topics.metrics.classes_view import draw as draw_classes
from core.topics.metrics.classifier import CONTROLS, Judged, classifier
from core.topics.metrics.curves_view import PRECISION
from core.topics.metrics.curves_view import question as which_moves
from core.topics.metrics.detector import NUMBERS, Detector
from core.topics.metrics.intervals_view import INTERVALS_VIEW, TESTS, small_tests
from core.topics.metrics.own_view import OWN_VIEW
from core.topics.metrics.programs import scores_file
from core.topics.metrics.reports import ALL, CASES, LIE, NONE, OWN_WORD
from core.topics.metrics.threshold_view import CELL, CELLS, THRESHOLD, Looked, clicked, draw, measure, opened
from core.topics.metrics.threshold_view import question as how_often_right
from core.topics.metrics.views import VIEWS


def network(seed: int, **changes) -> Judged:
    """The page's network as it is at first, but for some changes."""
    return classifier(**defaults(CONTROLS) | changes, seed=seed)


def drawn(seed: int, count: int = 200) -> tuple[np.random.Generator, np.ndarray, np.ndarray, np.ndarray]:
    """Random labels of both kinds, scores with ties, weights."""
    random = np.random.default_rng(seed)
    truth = np.r_[0, 1, random.integers(0, 2, count - 2)]
    scores = np.round(random.random(count) * 0.6 + 0.4 * truth * random.random(count), random.choice([1, 2, 8]))
    return random, truth, scores, random.random(count) + 0.1


# Oracles -------------------------------------------------------------------------------------------------------------


def test_the_counts_and_their_numbers_are_scikit_learns(seeds):
    from sklearn import metrics

    for seed in seeds:
        _, truth, scores, weights = drawn(seed)
        threshold = float(np.random.default_rng(seed).random())
        counts, alarm = confusion(truth, scores, threshold, weights), (scores >= threshold).astype(int)
        cells = metrics.confusion_matrix(truth, alarm, sample_weight=weights)
        assert np.allclose(cells, [[counts.tn, counts.fp], [counts.fn, counts.tp]])
        settings = {"sample_weight": weights, "zero_division": 0}
        assert counts.accuracy == pytest.approx(metrics.accuracy_score(truth, alarm, sample_weight=weights))
        assert counts.precision == pytest.approx(metrics.precision_score(truth, alarm, **settings))
        assert counts.recall == pytest.approx(metrics.recall_score(truth, alarm, **settings))
        assert counts.specificity == pytest.approx(metrics.recall_score(truth, alarm, pos_label=0, **settings))
        assert counts.f1 == pytest.approx(metrics.f1_score(truth, alarm, **settings))


def test_both_curves_and_their_areas_are_scikit_learns(seeds):
    from sklearn import metrics

    for seed in seeds:
        _, truth, scores, weights = drawn(seed)
        found = curve(truth, scores, weights)
        alarms, recall, thresholds = metrics.roc_curve(truth, scores, sample_weight=weights, drop_intermediate=False)
        assert np.allclose(1 - found.counts.specificity, alarms) and np.allclose(found.counts.recall, recall)
        assert np.array_equal(found.thresholds[1:], thresholds[1:])
        assert found.auc == pytest.approx(metrics.roc_auc_score(truth, scores, sample_weight=weights))
        average = metrics.average_precision_score(truth, scores, sample_weight=weights)
        assert found.average_precision == pytest.approx(average)


def test_the_areas_are_torchmetrics(seeds):
    from torchmetrics.functional.classification import binary_auroc, binary_average_precision

    for seed in seeds[:4]:
        _, truth, scores, _ = drawn(seed)
        given, found = (torch.tensor(scores), torch.tensor(truth)), curve(truth, scores)
        assert float(found.auc) == pytest.approx(float(binary_auroc(*given)), abs=1e-5)
        assert float(found.average_precision) == pytest.approx(float(binary_average_precision(*given)), abs=1e-5)


def test_the_averages_over_classes_are_scikit_learns_and_torchmetrics(seeds):
    from sklearn.metrics import precision_recall_fscore_support
    from torchmetrics.functional.classification import multiclass_f1_score

    for seed in seeds[:10]:
        random = np.random.default_rng(seed)
        truth, answers, weights = random.integers(0, 5, 150), random.integers(0, 5, 150), random.random(150)
        table = matrix(truth, answers, 5, weights)
        for average in AVERAGES:
            theirs = precision_recall_fscore_support(
                truth, answers, average=average, sample_weight=weights, zero_division=0
            )
            assert np.allclose([*averaged(table, average).values()], theirs[:3])
            plain = averaged(matrix(truth, answers, 5), average)["F1"]
            score = multiclass_f1_score(torch.tensor(answers), torch.tensor(truth), 5, average=average)
            assert float(plain) == pytest.approx(float(score), abs=1e-6)


def test_the_calibration_error_is_torchmetrics_and_the_likelihood_torchs(seeds):
    from torch.nn import functional
    from torchmetrics.functional.classification import multiclass_calibration_error

    for seed in seeds[:10]:
        random = np.random.default_rng(seed)
        logits, truth = 2 * random.normal(size=(300, 6)), random.integers(0, 6, 300)
        chances = torch.tensor(logits).softmax(dim=1)
        confidence, answers = chances.max(dim=1)
        found = calibration.reliability(confidence.numpy(), answers.numpy() == truth, 12)
        theirs = multiclass_calibration_error(chances, torch.tensor(truth), 6, n_bins=12, norm="l1")
        assert found.error == pytest.approx(float(theirs), abs=1e-6)
        loss = functional.cross_entropy(torch.tensor(logits) / 1.7, torch.tensor(truth)).item()
        assert calibration.negative_log_likelihood(logits, truth, 1.7) == pytest.approx(loss)


def test_the_temperature_is_the_best_of_a_grid_and_where_the_slope_is_zero(seeds):
    for seed in seeds[:10]:
        random = np.random.default_rng(seed)
        truth = random.integers(0, 4, 200)
        logits = 4 * random.normal(size=(200, 4)) + 3 * np.eye(4)[truth]
        best = calibration.best_temperature(logits, truth)
        lowest = calibration.negative_log_likelihood(logits, truth, best)
        for other in np.geomspace(0.1, 15, 60):
            assert lowest <= calibration.negative_log_likelihood(logits, truth, other) + 1e-9
        scale = torch.tensor(1 / best, dtype=torch.float64, requires_grad=True)
        torch.nn.functional.cross_entropy(torch.tensor(logits) * scale, torch.tensor(truth)).backward()
        assert scale.grad is not None and abs(scale.grad.item()) < 1e-4


def test_weights_of_whole_numbers_are_repeated_samples(seeds):
    for seed in seeds[:5]:
        random, truth, scores, _ = drawn(seed, 60)
        times = np.r_[1, 1, random.integers(0, 4, 58)]
        weighed, repeated = curve(truth, scores, times.astype(float)), curve(truth.repeat(times), scores.repeat(times))
        assert weighed.auc == pytest.approx(repeated.auc)
        assert weighed.average_precision == pytest.approx(repeated.average_precision)


def test_many_weights_at_once_are_each_by_itself(seed):
    _, truth, scores, _ = drawn(seed)
    weights = resamples(len(truth), 7, seed)
    together = curve(truth, scores, weights)
    assert (weights.sum(axis=1) == len(truth)).all()
    for place, row in enumerate(weights):
        assert together.auc[place] == pytest.approx(curve(truth, scores, row).auc)
        assert confusion(truth, scores, 0.5, weights).f1[place] == pytest.approx(confusion(truth, scores, 0.5, row).f1)


def test_the_bootstrap_interval_of_a_mean_is_scipys(seed):
    from scipy.stats import bootstrap

    random = np.random.default_rng(seed)
    right = (random.random(200) < 0.8).astype(float)
    ours = interval(resamples(200, 4000, seed) @ right / 200)
    theirs = bootstrap((right,), np.mean, n_resamples=4000, method="percentile", rng=random).confidence_interval
    assert np.allclose(ours, theirs, atol=0.012)


# Claims --------------------------------------------------------------------------------------------------------------


def test_the_area_under_roc_is_the_share_of_pairs_in_order(seeds):
    for seed in seeds:
        _, truth, scores, _ = drawn(seed)
        truly = float(curve(truth, scores).auc)
        above = scores[truth > 0][:, None] - scores[truth == 0]
        assert truly == pytest.approx(((above > 0) + 0.5 * (above == 0)).mean())
        assert abs(pair_share(truth, scores, 20_000, seed) - truly) < 5 * 0.5 / math.sqrt(20_000)


def test_the_share_of_positives_moves_precision_and_not_recall_specificity_or_the_area(seeds):
    for seed in seeds[:8]:
        detector = measure("8", seed, **defaults(CONTROLS)).detector
        common, rare = detector.at(0.5, 0.5), detector.at(0.5, 0.01)
        assert rare.recall == pytest.approx(common.recall) and rare.specificity == pytest.approx(common.specificity)
        assert rare.precision < 0.6 * common.precision
        assert float(detector.curve(0.01).auc) == pytest.approx(float(detector.curve(0.5).auc))
        assert with_positives(detector.truth, 0.3) @ detector.truth == pytest.approx(0.3 * len(detector.truth))


def test_of_both_areas_only_average_precision_depends_on_the_share_of_positives(seeds):
    for seed in seeds[:5]:
        looked = measure("3", seed, **defaults(CONTROLS))
        assert which_moves(looked, 10.0, threshold=0.5, pairs_drawn=100).truth == PRECISION


def test_no_threshold_is_cheaper_than_the_one_that_is_marked(seeds):
    for seed in seeds[:8]:
        detector = measure("5", seed, **defaults(CONTROLS)).detector
        for miss, share in ((1, 0.1), (20, 0.02), (100, 0.5)):
            place, lowest = detector.cheapest(miss, share)
            assert detector.at(place, share).cost(miss) == pytest.approx(lowest)
            assert all(detector.at(each, share).cost(miss) >= lowest - 1e-12 for each in np.linspace(0, 1, 101))


def test_words_fit_common_positives_detectors_without_alarms_and_networks_that_are_right(seed):
    looked = measure("8", seed, **defaults(CONTROLS))
    asked = lambda threshold, share: how_often_right(looked, threshold, share).because  # noqa: E731
    assert all("no majority" in asked(0.5, share) for share in (50.0, 80.0))
    assert "many negatives" in asked(0.5, 10.0) and "never says yes" in asked(1.0, 10.0)
    assert "Of 1,000 cases 1 is an 8" in draw(looked, 0.5, 0.1, 1, CELLS[0]).note
    clear, blurred = (network(seed, pixel_noise=noise) for noise in (0.0, 0.6))
    assert "not too sure" in how_sure(clear).because and "by heart" in how_sure(blurred).because
    assert "never that sure" in how_sure(replace(clear, logits=0 * clear.logits)).because


def test_intervals_without_width_are_not_said_to_shrink(seed):
    view, looked = INTERVALS_VIEW, measure("8", seed, **defaults(CONTROLS))
    perfect = Looked(replace(looked.detector, scores=looked.detector.truth.astype(float)))
    for each in (looked, perfect):
        found = small_tests(each, "Accuracy", 100, seed)
        none = bool((found.edges[:, 0] == found.edges[:, 1]).all())
        assert none == (each is perfect) == ("no error at all" in view.question(found).because)
        assert (f"In {TESTS} of them all resamples agree" in view.draw(found).note) == none


def test_one_picture_is_no_plural(seed):
    judged = network(seed)
    wrong = np.flatnonzero(judged.answers != judged.truth)
    digit, answer = int(judged.truth[wrong[0]]), int(judged.answers[wrong[0]])
    kept = np.r_[wrong[0], np.flatnonzero(judged.answers == judged.truth)]
    few = Judged(judged.run, judged.images[kept], judged.truth[kept], judged.logits[kept], judged.known)
    shown = draw_classes(few, "none", 100, f"{digit} → {answer}")
    article = "an" if digit == 8 else "a"
    assert f"Opened: 1 picture of {article} {digit} answered {answer}." in shown.note
    assert shown.pictures[0][1].alt.startswith(f"1 picture of {article} {digit} ")
    looked = measure("3", seed, **defaults(CONTROLS))
    low = float(np.sort(looked.detector.scores[looked.detector.truth > 0])[:2].mean())
    (picture,) = opened(looked, low, "yes → no")
    assert picture.alt.startswith("1 picture of a 3, answered no")


def test_micro_f1_is_the_accuracy(seeds):
    for seed in seeds[:5]:
        judged = network(seed)
        table = matrix(judged.truth, judged.answers, 10)
        assert averaged(table, "micro")["F1"] == pytest.approx((judged.truth == judged.answers).mean())


def test_macro_mostly_moves_further_than_micro_when_the_digit_of_lowest_precision_becomes_rare(seeds):
    further = []
    for seed in seeds[:10]:
        judged = network(seed)
        gaps = moves(judged, alarming(judged))
        further.append("macro" if gaps["macro"] > gaps["micro"] else "micro")
        assert question(judged).truth == further[-1]
    assert further.count("macro") >= 8


def test_a_long_training_is_surer_than_right_and_a_temperature_mends_it_without_changing_an_answer(seeds):
    for seed in seeds[:8]:
        judged = network(seed, epochs=150, pixel_noise=0.5)
        best = calibration.best_temperature(*judged.known)
        right = judged.answers == judged.truth
        before, after = (np.exp(calibration.log_softmax(judged.logits, each)) for each in (1.0, best))
        assert before.max(axis=1).mean() > right.mean() + 0.1 and best > 1.5
        errors = [calibration.reliability(each.max(axis=1), right, 10).error for each in (before, after)]
        assert errors[1] < errors[0] / 2 and (after.argmax(axis=1) == judged.answers).all()


def test_intervals_narrow_as_tests_grow(seeds):
    for seed in seeds[:4]:
        looked = measure("8", seed, **defaults(CONTROLS))
        widths = [small_tests(looked, "Recall", size, seed).width for size in (100, 400)]
        assert 0.35 < widths[1] / widths[0] < 0.75, "about one half: the root of a quarter"
        holding = small_tests(looked, "Accuracy", 200, seed).holding
        assert holding.mean() > 0.8


@pytest.mark.parametrize(
    ("case", "liars"),
    [
        ("Rare positives", {"Accuracy"}),
        ("Other patients", {"Precision"}),
        ("Very sure", {OWN_WORD}),
        ("A missing digit", {"Micro F1"}),
        ("One scanner", {ALL}),
        ("The best test", {"Recall", ALL}),
        ("A plain test", {NONE}),
    ],
)
def test_the_number_that_lies_is_the_same_on_every_seed(case, liars, seeds):
    found = [CASES[case](seed) for seed in seeds[:6]]
    assert {report.liar for report in found} <= liars
    if case == "One scanner":
        assert all(report.moved["ROC-AUC"] > LIE for report in found)


# The page ------------------------------------------------------------------------------------------------------------


def test_every_challenge_can_be_met(seed):
    def passed(name: str, values: dict, looked: dict) -> bool:
        view = VIEWS[name]
        found = view.measure(**defaults(view.controls) | values, seed=seed)
        return view.goal(found, **defaults(view.looks(found)) | looked).passed

    costly = [{"cost_of_a_miss": miss, "share_of_positives": share} for miss in (20, 50) for share in (5.0, 1.0)]
    tried = (each | {"threshold": place / 100} for each in costly for place in range(101))
    assert any(passed("Threshold", {}, each) for each in tried)
    digits = [{"positive_digit": str(each)} for each in range(10)]
    assert any(passed("Curves", digit, {"share_of_positives": 0.2}) for digit in digits)
    rare = {"what_is_left_of_it": 1}
    assert any(passed("Ten classes", {"pixel_noise": 0.2}, rare | {"rare_digit": str(each)}) for each in range(10))
    long = {"pixel_noise": 0.5, "epochs": 150}
    assert any(passed("Calibration", long, {"temperature": each / 10}) for each in range(10, 80, 2))
    assert passed("Small tests", {"pictures_in_a_test": 700, "positive_digit": "0"}, {})
    assert passed("Which number lied?", {"report": "One scanner"}, {})


def test_a_click_opens_a_cell_or_sets_the_threshold(seed):
    looked = measure("8", seed, **defaults(CONTROLS))
    assert clicked({"panel": 0, "x": 0.734, "y": 0.2}) == ((THRESHOLD, 0.73),)
    for place, cell in enumerate(CELLS):
        row, column = divmod(place, 2)
        assert clicked({"panel": 1, "x": column + 0.3, "y": row - 0.3}) == ((CELL, cell),)
        truth, answer = (word == "yes" for word in cell.split(" → "))
        detector = looked.detector
        count = int((((detector.truth > 0) == truth) & ((detector.scores >= 0.5) == answer)).sum())
        pictures = opened(looked, 0.5, cell)
        assert bool(pictures) == bool(count)
        assert not pictures or pictures[0].alt.startswith(f"{min(count, 12)} pictures")
    assert clicked({"panel": 1, "x": 30, "y": 12}) == ()


def test_the_example_comes_back_from_its_own_file(seed):
    looked = own.example(seed)
    _, _, content = own.example_file(looked)
    sheet = own.read(content)
    scores, labels = own.columns_of(sheet)
    assert (scores.value, labels.value) == ("score", "truth")
    label = own.positive_of(sheet, "truth").value
    again = own.detector(sheet, "score", "truth", label)
    assert label == "1" and (again.detector.truth == looked.detector.truth).all()
    assert np.array_equal(again.detector.scores, looked.detector.scores)
    values = defaults(OWN_VIEW.looks(again))
    assert not OWN_VIEW.goal(again, **values).passed and len(OWN_VIEW.draw(again, **values).pictures) == 3


def test_own_scores_on_any_scale_keep_their_order(seed):
    _, truth, scores, _ = drawn(seed)
    text = "who;kind;mark\n" + "\n".join(
        f"{place};{'ill' if one else 'well'};{100 * score - 50:.6f}"
        for place, (one, score) in enumerate(zip(truth, scores, strict=True))
    )
    sheet = own.read(text.encode())
    label = own.positive_of(sheet, "kind").value
    found = own.detector(sheet, "mark", "kind", label).detector
    assert label == "ill" and found.positive == "ill" and found.negative == "well"
    assert found.scores.min() >= 0 and found.scores.max() <= 1 and "brought" in found.provenance
    assert float(found.curve().auc) == pytest.approx(float(curve(truth, np.round(100 * scores - 50, 6)).auc))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("a,b\nx,y\nz,w\n", "holds numbers"),
        ("truth,score\n1,0.5\n1,0.7\n", "negatives"),
        ("truth,score\n1,0.5\n0,0.7\n2,0.1\n", "3 different labels"),
        ("truth,score\n1,0.5\n1,0.6\n0,oops\n0,0.1\n0,0.2\n", "oops"),
        ("truth,score\n1,0.5\n1,0.6\n0,inf\n0,0.1\n", "too large"),
    ],
)
def test_a_file_that_cannot_be_judged_is_refused_in_one_sentence(text, words):
    with pytest.raises(OwnDataError, match=words) as refusal:
        sheet = own.read(text.encode())
        own.detector(sheet, "score", "truth", "1")
    assert str(refusal.value).count("\n") == 0


def test_the_numbers_of_a_detector_lie_inside_their_intervals(seeds):
    for seed in seeds[:5]:
        _, truth, scores, _ = drawn(seed, 300)
        detector = Detector(truth, scores, "yes", "no", "")
        edges, counts = detector.intervals(0.5), detector.at(0.5)
        for name, number in NUMBERS.items():
            low, high = edges[name]
            assert low <= float(number(counts)) <= high
        assert len(scores_file(detector)["predictions.csv"].splitlines()) == 301
