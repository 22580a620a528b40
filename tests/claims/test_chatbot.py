"""What the page on the chatbot says of drawing, memory and turns, on logits of chance and on a network of chance."""

import torch
from torch import Tensor

from core.models.language import Message
from core.projects.chatbot import shipped
from core.projects.chatbot.conversation import Turn, window
from core.projects.chatbot.decoding import Reader, Reply, speak, step_of
from core.projects.chatbot.lesson import SURE, WORTH
from core.projects.chatbot.sampling import Sampling, candidates, chances, drawn, penalised

EVERY = (0, 1.0, 0.0)  # no cut by top-k, top-p or min-p


def logits_of(seed: int, size: int = 300) -> Tensor:
    return 3 * torch.randn(size, generator=torch.Generator().manual_seed(seed))


def settled(logits: Tensor, temperature: float, *cuts: float) -> Tensor:
    places, shares = candidates(logits, temperature, *cuts)
    return torch.zeros_like(logits).index_put((places,), shares)


def test_logits_divided_by_the_temperature_become_chances(seeds):
    for seed in seeds:
        logits = logits_of(seed)
        for temperature in (0.3, 1.0, 2.0):
            wanted = (logits / temperature).exp() / (logits / temperature).exp().sum()
            torch.testing.assert_close(settled(logits, temperature, *EVERY), wanted)
        likeliest = [float(settled(logits, temperature, *EVERY).max()) for temperature in (0.3, 1.0, 2.0)]
        assert likeliest == sorted(likeliest, reverse=True), "the colder, the surer"
        assert settled(logits, 0.0, *EVERY)[logits.argmax()] == 1


def test_cuts_take_unlikely_tokens_away_and_nothing_else(seeds):
    for seed in seeds:
        logits = logits_of(seed)
        whole = settled(logits, 1.0, *EVERY)
        for cuts in ((20, 1.0, 0.0), (0, 0.8, 0.0), (0, 1.0, 0.1)):
            kept = settled(logits, 1.0, *cuts)
            left = kept > 0
            assert 0 < left.sum() < len(logits) and whole[left].min() >= whole[~left].max()
            torch.testing.assert_close(kept[left], whole[left] / whole[left].sum())


def test_a_penalty_makes_what_was_there_before_less_likely(seeds):
    for seed in seeds:
        logits, seen = logits_of(seed), list(range(0, 300, 7))
        before, after = settled(logits, 1.0, *EVERY), settled(penalised(logits, seen, 1.3), 1.0, *EVERY)
        assert after[seen].sum() < before[seen].sum()
        new = torch.arange(len(logits)) % 7 > 0
        fresh = before.where(new, 0).argmax()  # beside the likeliest token that is new, each is less likely than before
        assert (after[seen] / after[fresh] <= before[seen] / before[fresh] * (1 + 1e-4)).all()  # roundings of float32


def test_the_same_number_falls_on_another_token_only_where_borders_move(seeds):
    for seed in seeds:
        step = step_of(logits_of(seed), [], chances(seed, 1)[0])
        cold, warm = Sampling(0.6), Sampling(0.9)
        borders = [list(step.settled(each)) for each in (cold, warm)]
        assert borders[0][0] == borders[1][0], "the order of the tokens stays"
        shares = [torch.tensor(list(step.settled(each).values())) for each in (cold, warm)]
        for number in (0.0, 0.05, 0.5):
            low, high = (drawn(each, number) for each in shares)
            assert low <= high, "warmer borders only move to less likely tokens"


class Counting:
    """A network of chance with a memory, which counts the tokens that it reads; its own tokenizer."""

    control, ends = frozenset({0}), frozenset({0})
    context = 64

    def __init__(self, seed: int) -> None:
        self.tokens, self.read = self, []
        self.table = 2 * torch.randn(20, 20, generator=torch.Generator().manual_seed(seed))
        self.table[:, 0] = -torch.inf  # it never ends a turn by itself

    def cache(self) -> "Counting":
        return self

    def crop(self, count: int) -> None:
        pass

    def logits(self, numbers: list[int], cache: object) -> Tensor:
        self.read.append(len(numbers))
        return self.table[numbers[-1]][None]

    def numbers(self, text: str) -> list[int]:
        return [1 + ord(letter) % 19 for letter in text]

    def prompt(self, messages: list[Message]) -> list[int]:
        return [number for each in messages for number in (0, *self.numbers(each["content"]), 0)]


def test_what_was_read_stays_in_memory_so_that_each_token_costs_one_step(seeds):
    for seed in seeds:
        language = Counting(seed)
        reader, reply = Reader(language), Reply(sampling=Sampling(seed=seed), prompt=tuple(range(1, 12)))  # ty: ignore[invalid-argument-type]
        for _ in speak(reader, reply, 8):
            pass
        assert reply.ended == "limit" and language.read == [11] + [1] * 7


def test_marks_say_whose_turn_it_is_and_what_does_not_fit_is_forgotten_from_the_front():
    tokens = Counting(0)
    turns = [Turn("user" if place % 2 == 0 else "assistant", f"{place}" * 10) for place in range(9)]
    seen = window(tokens, "be brief", turns, 64, 20)
    assert seen.used <= 44 and seen.dropped % 2 == 0 and seen.dropped > 0
    assert seen.prompt[1:9] == tokens.numbers("be brief"), "the system prompt stays"
    assert seen.prompt[-11:-1] == tokens.numbers("8" * 10), "and so does what was said last"
    assert seen.prompt.count(0) == 2 * (1 + len(turns) - seen.dropped)


def test_some_tokens_of_the_recorded_reply_were_certain_and_at_others_several_would_do():
    steps = shipped.conversation().replies[0].said.steps
    assert sum(step.probability >= SURE for step in steps) > len(steps) / 5
    assert sum(step.probabilities[1] >= WORTH for step in steps) > len(steps) / 10
