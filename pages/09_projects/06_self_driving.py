r"""A car that drives by sight

A small network drives tracks it has never seen. Watch it, disturb it, then teach one of your own.

The network sees a frame $x$ of 48 × 48 pixels and answers with an action $\pi_\theta(x)$: steering, gas and brake. It
was *cloned*: its weights $\theta$ lower the distance to what an expert, who knows the track, does in the same frame,

$$\min_\theta \sum_x \ell\big(\pi_\theta(x), \pi^*(x)\big)$$

with the expert's action $\pi^*(x)$ and a Huber loss $\ell$. Copying alone fails: a small error leads to a frame the
expert never showed, where the next error is larger. DAgger mends it: let the clone drive, ask the expert what it would
have done in each of those frames, and train again on all of them.

Roadmap:
- 🏁 Build a self-driving car simulator with CNNs

Reading:
- Bojarski and others (2016), *End to End Learning for Self-Driving Cars*; (2018), *VisualBackProp*
- Ross, Gordon and Bagnell (2011), *A Reduction of Imitation Learning to No-Regret Online Learning*
- Ha and Schmidhuber (2018), *World Models*
- Goodfellow, Bengio and Courville, *Deep Learning*, chapter 9
"""

from core.figures import driving as figures
from core.projects.driving import COLOURS, drift
from core.projects.driving.screen import expert_lap
from pages import ui
from pages.ui import cockpit

DRIVERS = {"network": "cnn", "expert": "expert"}
PUPILS = {"you": "you", "your clone": "student", "the expert": "expert"}
TEACHERS = {"the expert": "expert", "you": "you"}


def watch() -> None:
    who = page.pick("At the wheel", list(DRIVERS))
    cockpit.mount(page, "watch", {"seed": page.seed, "driver": DRIVERS[who]}, {})


def disturb() -> None:
    push = page.slider("Push", 2, 30, 12, help="Sideways velocity, in units per second. The car drives 60 to 90.")
    change = {
        "blur": page.slider("Blur", 0, 8, 0, help="Pixels around each that it is averaged with."),
        "dark": page.slider("Darkness", 0.0, 1.0, 0.0, 0.05, help="Share of the light taken away."),
        "drop": page.slider("Lost frames", 0.0, 0.95, 0.0, 0.05, help="It then acts on the last one that came."),
        "colours": page.pick("Colours", COLOURS, help="The order in which it gets red, green and blue."),
    }
    cockpit.mount(page, "disturb", {"seed": page.seed, "driver": "cnn"}, change, push)
    page.note("Change the settings while it drives. The small picture is what the network then gets.")


def teach() -> None:
    who, teacher = page.pick("Who drives", list(PUPILS)), page.pick("Who teaches", list(TEACHERS))
    school.every = page.slider("Keep one frame of", 1, 5, 1, help="Neighbouring frames are alike: fewer can do.")
    order = {"seed": page.seed, "driver": PUPILS[who], "teacher": TEACHERS[teacher]}
    cockpit.mount(page, "teach", order, {}, auto=False)
    page.note(
        f"Record frames, clone a driver, let your clone drive while its teacher corrects it, clone again. {school.told}"
    )
    page.job("Clone a driver from all frames", school.clone, len(school.rounds), page.seed)
    cockpit.forget(page)
    if school.rounds:
        page.show(figures.laps_driven(school.rounds), figures.errors_by_round(school.rounds), source=school)


def explain() -> None:
    page.note(
        "The same clone on the same six tracks: once the expert drives and the clone is only asked, once it drives."
    )
    page.show(figures.drifting(found), figures.far_from_home(found), source=found.source)


with ui.lesson(__file__) as page:
    view, school, found = page.view(["Watch", "Disturb", "Teach", "Explain"]), cockpit.seat().school, drift.recorded()
    page.code(drift.program())
    if view != "Explain":
        {"Watch": watch, "Disturb": disturb, "Teach": teach}[view]()
        page.show(figures.track(expert_lap(page.seed)), source=expert_lap(page.seed))
    if page.predict(drift.QUESTION, drift.ANSWERS, found.answer, found.because) and view == "Explain":
        explain()
    page.challenge(
        "**Teach** a driver that finishes a lap of a track it has never seen, with at most **2,000 frames** in all.",
        school.within(2000) is not None,
        school.told,
    )
