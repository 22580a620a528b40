"""One person's conversation, and the line in which replies wait: one is spoken at a time, in the order of asking."""

from collections.abc import Callable, Generator

from core.jobs import BusyError, Job, Owner, Pool, start
from core.models.language import NAME, Language, installed, prepared, smollm
from core.projects.chatbot.conversation import Conversation, Turn, Window, window
from core.projects.chatbot.decoding import LONGEST, WINDOW, Reader, Reply, Step, speak
from core.projects.chatbot.sampling import Sampling

MOST = 20_000  # characters of one message
POOL = Pool(places=1, line=10, each=1, here=True)  # replies of all people together
EMPTY = "Type a message first."


class Talk:
    """What the buttons of a chat do. ``told`` is one sentence about the last thing that could not be done; ``speaker``
    makes the model, ``warmed`` yields what that takes."""

    def __init__(
        self,
        conversation: Conversation | None = None,
        speaker: Callable[[], Language] = smollm,
        warmed: Callable[[], Generator] = prepared,
        name: str = NAME,
    ) -> None:
        self.conversation = conversation or Conversation()
        self.speaker, self.warmed, self.name = speaker, warmed, name
        self.reader: Reader | None = None
        self.job: Job | None = None
        self.owner: Owner | None = None
        self.told = ""

    def change(self, name: str, speaker: Callable[[], Language] = smollm, warmed: Callable = prepared) -> None:
        """Let another model speak from now on; what was said stays, and its tokens are the other one's."""
        if name != self.name:
            self.close()
            self.name, self.speaker, self.warmed, self.reader, self.told = name, speaker, warmed, None, ""

    @property
    def able(self) -> bool:
        """Whether the model that is to speak is on this machine; others are found before they are chosen."""
        return self.name != NAME or installed()

    @property
    def busy(self) -> bool:
        """Whether a reply is under way, or waits in the line."""
        return self.job is not None and self.job.status in ("queued", "running")

    @property
    def state(self) -> str:
        """What the reply under way is doing, in words."""
        if self.job is None or not self.busy:
            return ""
        if self.job.status == "queued":
            return f"waiting: number {self.job.place} in the line"
        last = self.job.latest
        return self.job.message if isinstance(last, tuple) else "speaking"

    def say(self, text: str, sampling: Sampling, asked: str = "", pages: tuple = (), most: int = LONGEST) -> None:
        """A message, to be answered; ``told`` says why not, if not."""
        if self.refuses(text):
            return
        user = self.conversation.add(Turn("user", text.strip(), asked=asked))
        self.answer(user, Reply(sampling=sampling), pages=pages, most=most)

    def refuses(self, text: str) -> bool:
        """Whether a message cannot be taken; ``told`` says why."""
        if self.busy:
            self.told = "A reply is under way: stop it first, or wait for its end."
        elif not text.strip():
            self.told = EMPTY
        elif len(text) > MOST:
            self.told = f"The message has {len(text):,} characters, and {MOST:,} are the most: shorten it."
        else:
            self.told = ""
        return bool(self.told)

    def note(self, text: str, answer: str, pages: tuple = ()) -> None:
        """A message that needs no model: the search answers it."""
        if not self.refuses(text):
            self.conversation.add(Turn("user", text.strip()))
            self.conversation.add(Turn("assistant", answer, pages=pages, speaker="Search over the course"))

    def again(self, turn: Turn, sampling: Sampling) -> None:
        """Another reply to the same message, beside the first."""
        if turn.before and not self.busy:
            self.answer(turn.before, Reply(sampling=sampling), pages=turn.pages)

    def branch(self, turn: Turn, place: int, token: int, sampling: Sampling, most: int = LONGEST) -> None:
        """The same reply up to a place, then another token, then on from there; both are kept."""
        reply = turn.reply
        if self.busy or not turn.before or not reply or not 0 <= place < len(reply.steps):
            return
        if turn.speaker != self.name:
            self.told = f"{turn.speaker} said this, in tokens of its own: let it speak again to branch from here."
            return
        steps = list(reply.steps[:place])
        begun = Reply(steps, sampling, reply.prompt)
        self.answer(turn.before, begun, token, place, turn.pages, most)

    def answer(
        self, user: Turn, reply: Reply, instead: int | None = None, branched: int | None = None, pages: tuple = (),
        most: int = LONGEST,
    ) -> None:  # fmt: skip
        """Put a reply behind a message and let it be spoken; if the line is full, ``told`` says so."""
        turn = Turn("assistant", reply=reply, pages=pages, speaker=self.name, branched=branched)
        self.conversation.add(turn, user)
        try:
            self.job = start(self.spoken, turn, instead, most, owner=self.owner, pool=POOL)
        except BusyError as refusal:
            self.told = str(refusal)
            self.withdraw(turn)

    def withdraw(self, turn: Turn) -> None:
        """Take a reply back that could not begin, and the message with it if nothing else answers that."""
        assert turn.before
        turn.before.after.remove(turn)
        turn.before.chosen = max(0, len(turn.before.after) - 1)

    def spoken(self, turn: Turn, instead: int | None, most: int) -> Generator[tuple[float, str] | Step, None, Turn]:
        """The work of a reply: have the model, read, speak."""
        reply = turn.reply
        assert reply and turn.before
        try:
            yield from self.warmed()
            language = self.speaker()
            if self.reader is None or self.reader.language is not language:
                self.reader = Reader(language)
            turn.spell = language.tokens.piece
            if not reply.prompt:
                reply.prompt = tuple(self.window(language, turn.before, most).prompt)
            for event in speak(self.reader, reply, most, instead):
                turn.text = language.tokens.text(reply.tokens)
                yield event
            return turn
        finally:
            reply.ended = reply.ended or "stopped"

    def window(self, language: Language, last: Turn | None = None, most: int = LONGEST) -> Window:
        """What of the conversation up to a message is read. Raises ``ValueError`` if that message is too long."""
        turns = self.conversation.path
        if last in turns:
            turns = turns[: turns.index(last) + 1]
        return window(language.tokens, self.conversation.system, turns, min(WINDOW, language.context), most)

    def stop(self) -> None:
        """End the reply under way; what was said stays."""
        if self.job:
            self.job.cancel()

    def begin_anew(self) -> None:
        """An empty conversation."""
        self.stop()
        self.conversation, self.told = Conversation(self.conversation.system), ""

    def close(self) -> None:
        """The tab is gone."""
        self.stop()
        if self.reader:
            self.reader.forget()
