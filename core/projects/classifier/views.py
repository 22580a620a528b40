"""What the classifier's page shows: for each view its controls, its pictures and a sentence."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from core.figures.chances import chances
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, pick, scale, slider, text, toggle
from core.lessons.view import Shown, View
from core.models.published import UnknownNetworkError, examples, offer
from core.probes.certainty import interval
from core.projects.classifier import charts, curve, doubts, figures, programs, sketches, strangers
from core.projects.classifier.features import OURS, SIZES, looked_at, missing
from core.projects.classifier.gallery import Album, Picture
from core.projects.classifier.study import COST, Settings, Study, Trained, trained
from core.projects.classifier.why import LAYERS, Answer, alike, attention, checked
from core.provenance import ClosedForm
from core.wording import counted

QUICK = 90  # looks at pictures that are taken, or learned from many times, while the learner waits
CONTROLS: tuple[Control, ...] = (
    scale("Picture size", SIZES, 128, help="Pixels of a side as the network gets it: 17 ms a picture at 128."),
    slider("Held-out share", 0.1, 0.5, 0.25, 0.05, help="Of each class, kept away from the training."),
    toggle("Augmentation", help="Three further looks at each training picture: mirrored, turned, cut, lighter."),
    text("Network", OURS, longest=40, help=f"{OURS} is always there. Or one of torchvision's: {examples()}."),
    toggle("Allow download", help="Only then are weights fetched from pytorch.org.",
           when=lambda values: values["network"] != OURS),
)  # fmt: skip
FRESH: dict[str, Callable[[], Picture]] = {name: functools.partial(sketches.fresh, name) for name in sketches.FRESH}
MOST_TRIED = 12  # held-out pictures of the learner's that can be asked about
REFUSE = slider(
    "Real pictures refused", 0.0, 0.3, COST, 0.01, format="%.2f",
    help="Share of real pictures that “none of these” may cost; it sets the threshold.",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """The controls, as settings and whether weights may be fetched for them."""

    settings: Settings
    allowed: bool = False

    @property
    def refusal(self) -> str:
        """Why the network cannot be asked, in one sentence; empty where it can."""
        if self.settings.network == OURS:
            return ""
        try:
            known = offer(self.settings.network)
        except UnknownNetworkError as unknown:
            return str(unknown)
        return "" if known.here or self.allowed else f"{known.sentence} Allow the download to use it."


def asked(
    picture_size: int, held_out_share: float, augmentation: bool, network: str, allow_download: bool, seed: int
) -> Asked:
    """What the controls say."""
    name = network.strip().lower()
    plain = OURS if name in ("", OURS.lower()) else name
    return Asked(Settings(picture_size, round(held_out_share, 2), augmentation, seed, plain), allow_download)


def looking(album: Album, chosen: Asked) -> tuple:
    """The looks that have to be taken as a job, as its label, function and arguments; none if a learner can wait."""
    own = chosen.settings
    look = (album.pictures, own.side, own.augmentation, own.network)
    count = len(missing(*look))
    far = bool(count) and own.network != OURS  # another network has to be opened, perhaps fetched
    label = (
        f"Look at {count} pictures and train" if own.network == OURS else f"Look at {count} pictures by {own.network}"
    )
    return (label, looked_at, *look, chosen.allowed) if far or count > QUICK else ()


def study(key: str, chosen: Settings, _album: Album) -> Study:
    """The study of an album that is known by its key: its pictures and labels, not its names."""
    return trained(_album, chosen).study


# Pictures


@dataclass(frozen=True)
class Unlearned:
    """An album that nothing was learned from yet."""

    album: Album
    provenance: str = ClosedForm("pictures as they are kept, 224 × 224").provenance


def unlearned(album: Album, refusal: str = "") -> Shown:
    """The pictures of an album that cannot be learned from yet, and what is missing."""
    if not album.pictures:
        first = sketches.clean()
        return Shown(
            ((figures.classes(first, 6),),),
            "No pictures yet. Name a class and add some on the left; below is what the shipped sketches look like.",
        )
    return Shown(((figures.classes(album),),), album.lacks or refusal or "Let the network look at the pictures first.")


def pictures(found: Trained) -> Shown:
    """Every class in a row; dashed what is held out."""
    held = found.study.held_out.nonzero()[:, 0].tolist()
    right, count = found.study.score
    note = (
        f"**{len(found.album.pictures)} pictures in {len(found.names)} classes.** The dashed {count} are held out: "
        f"nothing is learned or chosen from them. {right} of them are answered right."
    )
    return Shown(((figures.classes(found.album, marked=held),),), note)


# Answer


def answer(found: Trained, reply: Answer, layer: str, evidence_for: str = "") -> Shown:
    """What is said of a picture: where the evidence lies, how probable each class is, and which pictures it is like."""
    place = found.names.index(evidence_for) if evidence_for in found.names else reply.place
    heat = attention(found, reply.picture, place, layer)
    near = alike(found, reply)
    captions = [f"{figures.plain(each.name)} ({each.cosine:.2f})" for each in near]
    told = "Most alike among the training pictures: " + ", ".join(captions) + "."
    top = (
        figures.evidence(reply.picture, heat, found.names[place]),
        chances(reply.probabilities, [charts.short(name) for name in found.names], max(300, 26 * len(found.names))),
    )
    sheet = figures.sheet([each.picture for each in near], captions, told)
    check = checked(found, reply.picture, place, heat)
    note = " ".join(filter(None, [f"**{reply.sentence}**", check.sentence, reply.picture.note]))
    return Shown((top, (sheet,)), note)


def tries(found: Trained) -> dict[str, Callable[[], Picture]]:
    """Pictures that nothing was learned from, by name: new sketches, or the learner's own held-out ones."""
    if found.album.title in sketches.ALBUMS:
        return FRESH
    own = {
        f"held out: {found.album.called(place)}": functools.partial(found.album.pictures.__getitem__, place)
        for place in found.study.held_out.nonzero()[:MOST_TRIED, 0].tolist()
    }
    return own | {name: make for name, make in FRESH.items() if not name.startswith("a new ")}


def looks(found: Trained) -> tuple[Control, ...]:
    """What can be asked of an answer."""
    return pick(
        "Map", LAYERS, help="Whose answers are weighed: a later layer's map is coarser and closer to the class."
    ), REFUSE


# Accuracy


def accuracy(found: Trained, with_pixels: bool = True) -> Shown:
    """How many held-out pictures are answered right, beside raw pixels and guessing; what is taken for what."""
    right, count = found.study.score
    guess, rivals = 1 / len(found.names), {}
    if with_pixels:
        rivals = {"raw pixels": (pixels_right(found) / count, *interval(pixels_right(found), count))}
    rows = {"this classifier": (right / count, *interval(right, count)), **rivals, "guessing": (guess, guess, guess)}
    low, high = found.study.accuracy_interval
    table = doubts.confusion(found.study)
    note = (
        f"**{right} of {count} held-out pictures are answered right**: on pictures like these expect {low:.0%} to "
        f"{high:.0%}. In the table each of all {len(found.album.pictures)} pictures is answered by a head that did not "
        f"learn from it: {int(table.diagonal().sum())} are right."
    )
    pair = (charts.intervals(rows, "Held-out accuracy", 300), charts.confusion(table, found.names))
    wrong = (~found.study.right).nonzero()[:, 0].tolist()[:12]
    if not wrong:
        return Shown((pair,), note)
    said = found.study.logits.argmax(dim=1).tolist()
    captions = [
        f"{figures.plain(found.album.called(place))} → {figures.plain(found.names[said[place]])}" for place in wrong
    ]
    alt = f"Answered wrong, {counted(len(wrong), 'picture')}: {', '.join(captions)}."
    return Shown((pair, (figures.sheet([found.album.pictures[place] for place in wrong], captions, alt),)), note)


@functools.lru_cache(maxsize=64)
def kept_pixels(study: Study, album: Album) -> int:
    """How many held-out pictures raw pixels get right."""
    return curve.on_pixels(Trained(album, study))


def pixels_right(found: Trained) -> int:
    """The same, whatever the classes are called."""
    return kept_pixels(found.study, nameless(found.album))


def nameless(album: Album) -> Album:
    """An album whose names are numbers, so that renaming asks for nothing new."""
    return replace(album, names=tuple(map(str, range(len(album.names)))), title="")


# Doubts


def warnings(found: Trained) -> Shown:
    """What is wrong with the pictures, and which they are."""
    all_of_them = doubts.doubts(found)
    places = list(dict.fromkeys(place for doubt in all_of_them for place in doubt.places))[:24]
    if not all_of_them:
        return Shown(
            ((figures.classes(found.album),),),
            "**Nothing to complain about**: no near-duplicates, no blur, no suspects.",
        )
    note = "\n\n".join(f":material/warning: **{doubt.name}.** {doubt.sentence}" for doubt in all_of_them)
    captions = [figures.plain(found.album.called(place)) for place in places]
    if not places:
        return Shown(((figures.classes(found.album),),), note)
    alt = f"The {len(places)} pictures that the warnings name: {', '.join(captions)}."
    return Shown(((figures.sheet([found.album.pictures[place] for place in places], captions, alt, 6),),), note)


# None of these


def none_of_these(found: Trained, real_pictures_refused: float) -> Shown:
    """How well strangers are told from what was learned."""
    refused = strangers.measured(found, real_pictures_refused)
    note = (
        f"Below a likeness of **{refused.threshold:.2f}** the answer is “none of these”. The threshold costs "
        f"{real_pictures_refused:.0%} of the training pictures, each judged by others. It then refuses "
        f"**{refused.share(refused.own):.0%}** of the held-out ones, **{refused.share(refused.others):.0%}** of "
        f"pictures whose class is left out of the training, and **{refused.share(refused.strangers):.0%}** of shipped "
        "strangers. "
        f"A real picture is more familiar than one of an unlearned class {refused.separation:.0%} of the time."
    )
    return Shown(((charts.likeness(refused),),), note)


# Calibration


def bins(chances_: torch.Tensor, right: torch.Tensor, count: int = 5) -> list[tuple[float, float, int]]:
    """(mean certainty, share right, pictures) of each bin of certainty that holds any."""
    sure = chances_.max(dim=1).values
    place = (sure * count).long().clamp(max=count - 1)
    return [
        (float(sure[place == one].mean()), float(right[place == one].float().mean()), int((place == one).sum()))
        for one in range(count) if bool((place == one).any())
    ]  # fmt: skip


def calibration(found: Trained) -> Shown:
    """Whether "80% sure" is right four times in five."""
    held, known = found.study.held_out, found.study
    right = known.right[held]
    picture = charts.reliability(
        bins(known.logits[held].softmax(dim=1), right), bins(known.probabilities[held], right), known.calibration
    )
    note = (
        f"As trained, certainty and accuracy of the held-out pictures are {known.calibration[0]:.0%} apart on average; "
        f"with all logits divided by **{known.temperature:.2f}**, chosen on training pictures that were held out in "
        f"turn, {known.calibration[1]:.0%}."
    )
    return Shown(((picture,),), note)


VIEWS = {
    "Pictures": View(draw=pictures, program=programs.of_study),
    "Accuracy": View(
        draw=accuracy,
        before=functools.partial(accuracy, with_pixels=False),
        question=lambda found: question(found),
        program=programs.of_study,
    ),
    "Warnings": View(draw=warnings, program=programs.of_study),
    "None of these": View(draw=none_of_these, look=(REFUSE,), program=programs.of_threshold),
    "Calibration": View(draw=calibration, program=programs.of_study),
}


def question(found: Trained) -> Question:
    """What raw pixels are worth on the same pictures."""
    right, count = found.study.score
    because = (
        "A pixel says how light one place is, a feature what kind of thing is to be seen wherever it lies; what moves, "
        "turns or changes colour keeps its features."
    )
    if pixels_right(found) >= right:
        because = "Where light or colour alone tell the classes apart, pixels say as much as features."
    return Question(
        f"This classifier answers {right} of {count} held-out pictures right. The same regression, given the "
        f"{curve.RAW} × {curve.RAW} colour pixels instead of the network's {found.study.features.shape[2]:,} features: "
        "how many?",
        Scale(0, count, 1, "pictures"),
        pixels_right(found),
        because,
    )


def own_classes(album: Album, found: Trained | None, shipped: bool) -> Goal:
    """A classifier of the learner's own, and pictures that nothing is wrong with."""
    goal = (
        "Under **your pictures**, build a classifier of your own, or mend the flawed sketches: at least 3 classes, "
        "12 held-out pictures, 90% of them right, and no warning about near-duplicates or pictures filed wrongly."
    )
    if found is None or shipped:
        return Goal(
            goal, False, "Now: the shipped sketches." if shipped else f"Now: {counted(len(album.pictures), 'picture')}."
        )
    right, count = found.study.score
    bad = [doubt.name for doubt in doubts.doubts(found) if doubt.name in ("Near-duplicates", "Perhaps filed wrongly")]
    passed = len(found.names) >= 3 and count >= 12 and right >= 0.9 * count and not bad
    return Goal(
        goal,
        passed,
        f"Now: {counted(len(found.names), 'class', 'classes')}, {right} of {count} right"
        f"{', ' + bad[0].lower() if bad else ''}.",
    )
