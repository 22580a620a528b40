r"""A car that drives by sight

A small network drives tracks it has never seen. Watch it, disturb it, then teach one of your own.

The network sees a frame $x$ of 48 × 48 pixels and answers with an action $\pi_\theta(x)$: steering, gas and brake. It
was *cloned*: its weights $\theta$ lower the distance to what an expert, who knows the track, does in the same frame,

$$\min_\theta \sum_x \ell\big(\pi_\theta(x), \pi^*(x)\big)$$

with the expert's action $\pi^*(x)$ and a Huber loss $\ell$. Copying alone fails: a small error leads to a frame the
expert never showed, where the next error is larger. DAgger mends it: let the clone drive, ask the expert what it would
have done in each of those frames, and train again on all of them.

Needs: losses, convolution

Roadmap:
- 🏁 Build a self-driving car simulator with CNNs

Reading:
- Bojarski and others (2016), *End to End Learning for Self-Driving Cars*; (2018), *VisualBackProp*
- Ross, Gordon and Bagnell (2011), *A Reduction of Imitation Learning to No-Regret Online Learning*
- Ha and Schmidhuber (2018), *World Models*
- Goodfellow, Bengio and Courville, *Deep Learning*, chapter 9
"""

from core.lessons import Goal, Question
from core.projects.driving import COLOURS, drift
from core.projects.driving import pictures as figures
from core.projects.driving.programs import by_clone, by_expert, by_network
from core.projects.driving.screen import expert_lap
from pages import ui
from pages.ui import cockpit

DRIVERS = {"network": "cnn", "expert": "expert"}
PUPILS = {"you": "you", "your clone": "student", "the expert": "expert"}
TEACHERS = {"the expert": "expert", "you": "you"}
EXPLAIN = "Explain"


def watch() -> None:
    who = page.pick("At the wheel", list(DRIVERS))
    page.code(by_network(page.seed) if who == "network" else by_expert(page.seed))
    cockpit.mount(page, "watch", {"seed": page.seed, "driver": DRIVERS[who]}, {})


def disturb() -> None:
    push = page.slider("Push", 2, 30, 12, help="Sideways velocity, in units per second. The car drives 60 to 90.")
    change = {
        "blur": page.slider("Blur", 0, 8, 0, help="Pixels around each that it is averaged with."),
        "dark": page.slider("Darkness", 0.0, 1.0, 0.0, 0.05, help="Share of the light taken away."),
        "drop": page.slider("Lost frames", 0.0, 0.95, 0.0, 0.05, help="It then acts on the last one that came."),
        "colours": page.pick("Colours", COLOURS, help="The order in which it gets red, green and blue."),
    }
    page.code(by_network(page.seed, **change))
    cockpit.mount(page, "disturb", {"seed": page.seed, "driver": "cnn"}, change, push)
    page.note("Change the settings while it drives. The small picture is what the network then gets.")


def teach() -> None:
    who, teacher = page.pick("Who drives", list(PUPILS)), page.pick("Who teaches", list(TEACHERS))
    page.code(by_expert(page.seed))
    school.every = page.slider("Keep one frame of", 1, 5, 1, help="Neighbouring frames are alike: fewer can do.")
    order = {"seed": page.seed, "driver": PUPILS[who], "teacher": TEACHERS[teacher]}
    cockpit.mount(page, "teach", order, {}, auto=False)
    page.note("Record frames, clone a driver, let your clone drive while its teacher corrects it, clone again.")
    page.job("Clone a driver from all frames", school.clone, len(school.rounds), page.seed)
    cockpit.forget(page)
    if school.rounds:
        page.show(figures.laps_driven(school.rounds), figures.errors_by_round(school.rounds), source=school)


def explain() -> None:
    page.code(by_clone())
    page.note(
        "The same clone on the same six tracks: once the expert drives and the clone is only asked, once it drives. "
        "The expert here is the fifteen lines in the program below."
    )


with ui.lesson(__file__) as page:
    school, found = cockpit.seat().school, drift.recorded()
    view = page.views({"Watch": watch, "Disturb": disturb, "Teach": teach, EXPLAIN: explain})
    if view != EXPLAIN:
        page.show(figures.track(expert_lap(page.seed)), source=expert_lap(page.seed))
    guessed = page.predict(Question(drift.QUESTION, drift.ANSWERS, found.answer, found.because))
    if guessed and view == EXPLAIN:
        page.show(figures.drifting(found), figures.far_from_home(found), source=found.source)
    aim = "**Teach** a driver that finishes a lap of a track it has never seen, with at most **2,000 frames** in all."
    page.challenge(Goal(aim, school.within(2000) is not None, school.told))
