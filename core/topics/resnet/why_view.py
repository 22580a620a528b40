"""Does the deep plain network fail to fit, or does its training? What its layers could do, put together by hand."""

from core.figures.curves import bands, bars
from core.figures.picture import Picture
from core.lessons import Goal, Question
from core.lessons.controls import scale
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.topics.resnet.networks import DEPTHS, EPOCHS, PLAIN, RATE, RATES, RESIDUAL
from core.topics.resnet.programs import LOADED_STEP, NETWORK_STEP, call_loaded, pictures_step, sheet_file, weights_file
from core.topics.resnet.record import Trainings
from core.topics.resnet.why import Possible, possible, sheet_loss

SHALLOW = scale("Copied network", DEPTHS[:-1], 8, help="The trained plain network whose blocks are put in.")
DEPTH = scale("Depth", (14, 20, 26, 32, 38, 44, 50, 56), 56, help="Layers of the network that they are put into.")
CHOICES = ("higher than before", "the same as before", "lower than before")


def measure(copied_network: int, depth: int, seed: int) -> Possible:
    """Put the blocks in; a network that is not deeper than what is copied is made as deep."""
    return possible(copied_network, max(depth, copied_network))


def trained_depth(found: Possible) -> int:
    """The depth of a trained plain network beside it."""
    return min((each for each in DEPTHS if each >= found.depth), default=DEPTHS[-1])


def losses(found: Possible, height: int = 330) -> Picture:
    """What was found by training, and what is possible."""
    beside = trained_depth(found)
    values = {
        f"plain {found.shallow}, trained": found.shallow_loss,
        f"plain {found.depth}, put together": found.loss,
        f"plain {beside}, trained": sheet_loss(PLAIN, beside),
        f"residual {beside}, trained": sheet_loss(RESIDUAL, beside),
    }
    return bars(values, ("", "Training loss"), height, yaxis={"rangemode": "tozero"})


def by_rate(trainings: Trainings, height: int = 330) -> Picture:
    """Whether another learning rate would have done."""
    slow, fast = RATES
    depth = DEPTHS[-1]
    curves = {f"rate {rate:g}": trainings.batches(PLAIN, depth, rate) for rate in (slow, RATE, fast)}
    shallow = {"plain 20": trainings.batches(PLAIN, DEPTHS[1])}
    axes = ("Epoch", f"Training loss, plain {depth}")
    return bands(range(1, EPOCHS + 1), curves | shallow, axes, height, yaxis={"rangemode": "tozero"})


def draw(found: Possible) -> Shown:
    """The bars, the other learning rates."""
    beside, trainings = trained_depth(found), found.trainings
    rates = {rate: float(trainings.final(PLAIN, DEPTHS[-1], rate=rate).mean()) for rate in (*RATES, RATE)}
    best = min(rates, key=lambda rate: rates[rate])
    shallow = float(trainings.final(PLAIN, DEPTHS[1]).mean())
    trained = sheet_loss(PLAIN, beside)
    more = (found.depth - found.shallow) // 2
    if not more:
        note = f"The trained plain network of {found.shallow} layers as it is: a deeper one has room for more blocks."
        return Shown(((losses(found), by_rate(trainings)),), note)
    verdict = (
        "So the layers **could** do it, and training did not find it. Nor"
        if found.loss < trained
        else f"Training found something better than this copy; with {DEPTHS[-1]} layers it does not, nor"
    )
    same = "exactly the shallow one's" if found.apart == 0 else f"the shallow one's to {found.apart:.1g}"
    note = (
        f"The trained plain network of {found.shallow} layers, and behind its blocks "
        f"{more} more that let{'s' * (more == 1)} everything through: **{found.depth} plain layers** with "
        f"a training loss of **{found.loss:.3f}**; the answers are {same}. The plain network trained with {beside} "
        f"layers has **{trained:.3f}** on the same pictures. {verdict} is it the learning rate alone: the best of "
        f"three for {DEPTHS[-1]} plain layers, {best:g}, ends at {rates[best]:.2f}, {DEPTHS[1]} plain layers with "
        f"{RATE:g} at {shallow:.2f} (three seeds)."
    )
    return Shown(((losses(found), by_rate(trainings)),), note)


def before(found: Possible) -> Shown:
    """What was trained."""
    beside = trained_depth(found)
    values = {f"plain {found.shallow}": found.shallow_loss, f"plain {beside}": sheet_loss(PLAIN, beside)}
    picture = bars(values, ("", "Training loss"), 300, yaxis={"rangemode": "tozero"})
    return Shown(((picture,),), "Both as they were trained, on 300 of the pictures that they learned from.")


def question(found: Possible) -> Question:
    """What is possible?"""
    text = (
        f"The trained blocks of the plain network of {found.shallow} layers are put into a plain one of "
        f"{found.depth}, and the other blocks are set so that they let everything through. How is its training loss, "
        f"against that of the network of {found.shallow} layers?"
    )
    apart = found.loss - found.shallow_loss
    truth = CHOICES[1] if abs(apart) < 1e-3 else CHOICES[0 if apart > 0 else 2]
    because = (
        "A kernel with a one in its middle copies its map, and behind a ReLU nothing is negative, so a plain block "
        "can be the identity exactly."
    )
    return Question(text, CHOICES, truth, because)


def goal(found: Possible) -> Goal:
    """The best that 56 plain layers are shown to do."""
    best = min(DEPTHS[:-1], key=lambda depth: sheet_loss(PLAIN, depth))
    text = (
        "**The best copy**: which trained plain network, copied into 56 layers, gives the lowest training loss that is "
        "possible here?"
    )
    return Goal(
        text, found.depth == DEPTHS[-1] and found.shallow == best, f"Now: {found.loss:.3f} with {found.depth} layers."
    )


COPIED = """shallow, deep = {shallow}, Network({depth}, False).eval()
for name in ("stem", "stem_norm", "output"):
    getattr(deep, name).load_state_dict(getattr(shallow, name).state_dict())
own, wide = len(shallow.blocks) // 3, len(deep.blocks) // 3
with torch.no_grad():
    for place, block in enumerate(deep.blocks):
        stage, within = divmod(place, wide)
        if within < own:
            block.load_state_dict(shallow.blocks[stage * own + within].state_dict())
        else:
            for layer, norm in ((block.first, block.first_norm), (block.second, block.second_norm)):
                nn.init.dirac_(layer.weight)
                norm.weight.fill_((1 + norm.eps) ** 0.5)
    result = {{"shallow": functional.cross_entropy(shallow(x), y).item(),
              "put together": functional.cross_entropy(deep(x), y).item()}}"""


def program(found: Possible) -> Program:
    """The same copy."""
    text = COPIED.format(shallow=call_loaded(PLAIN, found.shallow), depth=found.depth)
    steps = (NETWORK_STEP, LOADED_STEP, pictures_step("training"), Step("Copy, and let through", text))
    shown = {"shallow": found.shallow_loss, "put together": found.loss}
    files = sheet_file("training") | weights_file(PLAIN, found.shallow)
    return Program("What a deep plain network could do", steps, (), shown, files=files)


WHY_VIEW = View((SHALLOW, DEPTH), measure, draw, (), before, question, goal, program)
