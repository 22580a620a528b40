"""A class sheet: a page's experiment as it stands, in Markdown, to be filled in by hand."""

from collections.abc import Callable, Mapping, Sequence

from core.lessons.curriculum import Topic
from core.lessons.goal import Goal
from core.lessons.question import Question, Scale

LINE = "_" * 24


def sheet(
    topic: Topic,
    settings: Mapping[str, object],
    questions: Sequence[Question],
    goals: Sequence[Goal],
    address: str,
    task: str = "",
    say: Callable[[str], str] = str,
) -> str:
    """The lesson's title and promise, the teacher's ``task``, the ``settings`` by their labels, what is asked with
    room for guess, measurement and reason, the challenges, and the idea. No answer is on it. ``say`` translates."""
    parts = [f"# {topic.title}", topic.promise]
    if task:
        parts.append(f"{say('**Task.**')} {task}")
    parts.append(f"{say('Open:')} <{address}>")
    if settings:
        rows = "\n".join(f"| {say(label)} | {say(written(value))} |" for label, value in settings.items())
        parts.append(f"| {say('Setting')} | {say('Value')} |\n|---|---|\n{rows}")
    for number, question in enumerate(questions, 1):
        lines = zip(("My guess:", "Measured:", "Because:"), (LINE, LINE, LINE * 2), strict=True)
        room = "\n\n".join(f"{say(head)} {line}" for head, line in lines)
        head = say(f"Question {number}")
        parts.append(f"## {head}\n\n{say(question.text)}\n\n{choice(question, say)}\n\n{room}")
    parts += [f"## {say('Challenge')}\n\n{say(goal.text)}\n\n{say('Reached with:')} {LINE}" for goal in goals]
    parts.append(f"## {say('The idea')}\n\n{topic.idea}")
    return "\n\n".join(parts) + "\n"


def choice(question: Question, say: Callable[[str], str]) -> str:
    """What can be guessed."""
    if isinstance(question.options, Scale):
        low, high = map(question.options.written, (question.options.low, question.options.high))
        return say(f"A number from {low} to {high}")
    return "\n".join(f"- [ ] {say(option)}" for option in question.options)


def written(value: object) -> str:
    """A setting's value in a table cell."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value).replace("|", "\\|").replace("\n", " ")
