"""What the page “BERT and Transformers” states, on random networks, fresh seeds and the models that ship."""

import math
import os
import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from programs_run import distance, lines_of_code, results_of
from torch.nn import functional

from core.data.refusals import OwnDataError
from core.language import letters, merges, shipped, tokens
from core.language.generation import chances, until, written
from core.language.letters import SONNETS, Letters, counted
from core.language.windows import UNASKED, Stream, batch, masked, next_tokens
from core.lessons.controls import defaults
from core.models.transformer import Edits, Transformer, attention, rotated
from core.probes.rollout import rollout
from core.topics.transformers import attention_view, compare_views, cost_view, lens_view, tokens_view, words_views
from core.topics.transformers.ablation_view import edits_of, one_by_one
from core.topics.transformers.own_view import MINE, code, measure, taught_goal, taught_view, teach
from core.topics.transformers.own_view import VIEW as OWN
from core.topics.transformers.readers import BERT, GPT, Small, checked, read
from core.topics.transformers.views import ALONE, CHOICES, ORDER

DATA = os.environ.get("ROADMAP_LAB_DATA") or str(Path(__file__).resolve().parents[3] / "shared" / "data")
TEXT = "I think that movie was really good, but the music was not."
both = pytest.mark.parametrize("name", [GPT, BERT])


def sentence_of(seed: int) -> str:
    """Words in random order."""
    words = "I you like love the movie music was is really good not a my lord friend and but so"
    return " ".join(random.Random(seed).choices(words.split(), k=14))


# The network ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("causal", [True, False])
def test_attention_is_scaled_dot_product_attention(causal, seeds):
    for seed in seeds[:5]:
        chance = torch.Generator().manual_seed(seed)
        queries, keys, values = torch.randn(3, 2, 4, 9, 8, generator=chance).unbind()
        allowed = torch.ones(9, 9, dtype=torch.bool).tril() if causal else None
        gathered, weights = attention(queries, keys, values, allowed)
        torchs = functional.scaled_dot_product_attention(queries, keys, values, is_causal=causal)
        assert torch.allclose(gathered, torchs, atol=1e-5)
        assert torch.allclose(weights.sum(dim=-1), torch.ones(2, 4, 9), atol=1e-6)


def test_a_rotated_product_depends_on_the_distance_alone(seeds):
    for seed in seeds[:5]:
        query, key = torch.randn(2, 1, 16, generator=torch.Generator().manual_seed(seed))
        products = [
            (rotated(query[None], torch.tensor([at + 5])) * rotated(key[None], torch.tensor([at]))).sum().item()
            for at in (0, 7, 40)
        ]
        assert np.allclose(products, products[0], atol=1e-4)
        assert torch.allclose(rotated(query, torch.zeros(1)), query)


def test_the_causal_mask_holds(seeds):
    """What stands ahead changes nothing of what is said before it; without the mask it does."""
    for seed in seeds[:4]:
        numbers = torch.randint(0, 40, (12,), generator=torch.Generator().manual_seed(seed))
        other = numbers.clone()
        other[8:] = (other[8:] + 1) % 40
        for causal in (True, False):
            model = Transformer(40, 16, 32, 4, 2, causal=causal, seed=seed)
            trace, changed = model.trace(numbers), model.trace(other)
            same = torch.equal(trace.logits[:8], changed.logits[:8])
            assert same == causal
            assert (trace.weights.triu(1) == 0).all() == causal


def test_cached_decoding_is_uncached_decoding(seeds):
    for seed in seeds[:4]:
        model = Transformer(40, 24, 32, 4, 3, seed=seed)
        numbers = torch.randint(0, 40, (1, 20), generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            whole = model(numbers)
        first, cache = model.extend(numbers[:, :6])
        parts = [first]
        for at in range(6, 20):
            logits, cache = model.extend(numbers[:, at : at + 1], cache)
            parts.append(logits)
        assert torch.allclose(torch.cat(parts, dim=1), whole, atol=1e-4)


def test_without_places_a_network_that_looks_both_ways_is_blind_to_order(seeds):
    """Said to stand all at one place, tokens in another order get the same logits in that order; else not. One that may
    look back only learns something of the order from what it may not see."""
    for seed in seeds[:4]:
        model = Transformer(40, 24, 32, 4, 2, causal=False, seed=seed)
        numbers = torch.randperm(40, generator=torch.Generator().manual_seed(seed))[:12]
        order = torch.randperm(12, generator=torch.Generator().manual_seed(seed + 1))
        same = Edits(places=(0,) * 12)
        usual, moved = model.trace(numbers, same).logits, model.trace(numbers[order], same).logits
        assert torch.allclose(usual[order], moved, atol=1e-5)
        assert not torch.allclose(model.trace(numbers).logits[order], model.trace(numbers[order]).logits, atol=1e-4)
        blind = Transformer(40, 24, 32, 4, 2, causal=False, positions=False, seed=seed)
        assert torch.allclose(blind.trace(numbers).logits[order], blind.trace(numbers[order]).logits, atol=1e-5)


def test_what_makes_no_network_or_is_too_long_is_refused_in_one_sentence():
    for settings in ({"width": 30}, {"layers": 0}, {"heads": 0}):
        with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
            Transformer(10, **settings)
    with pytest.raises(ValueError, match="at most 8 tokens"):
        Transformer(10, 8, 32, 4, 1).trace(torch.zeros(9, dtype=torch.long))


# The models that ship ------------------------------------------------------------------------------------------------


@both
def test_ablating_nothing_reproduces_the_logits(name, seed):
    reader = Small(name)
    text = sentence_of(seed)
    whole = read(reader, text)
    with torch.no_grad():
        usual = reader.model(torch.tensor([whole.numbers]))[0]
    assert torch.allclose(whole.trace.logits, usual, atol=1e-5)
    assert torch.equal(read(reader, text, edits_of((), ())).trace.logits, whole.trace.logits)
    less = read(reader, text, edits_of(("1.1", "3.2"), ("MLP 2",)))
    assert not torch.allclose(less.trace.logits, whole.trace.logits, atol=1e-2)


@both
def test_rows_sum_to_one_and_the_rollout_too(name, seeds):
    for seed in seeds[:4]:
        reading = read(Small(name), sentence_of(seed))
        assert np.allclose(reading.weights.sum(axis=-1), 1, atol=1e-5)
        flow = rollout(reading.weights)
        assert np.allclose(flow.sum(axis=-1), 1, atol=1e-4) and (np.triu(flow, 1).max() == 0) == (name == GPT)


def test_a_head_is_silent_when_what_it_gathers_is_nothing(seed):
    """The same as setting its columns of the joining matrix to 0."""
    import copy

    reader, text = Small(GPT), sentence_of(seed)
    reading = read(reader, text, Edits(heads=frozenset([(1, 2)])))
    model = copy.deepcopy(reader.model)
    with torch.no_grad():
        model.blocks[1].joined.weight[:, 2 * 32 : 3 * 32] = 0
    assert torch.allclose(model.trace(torch.tensor(reading.numbers)).logits, reading.trace.logits, atol=1e-5)
    heads, parts = one_by_one(reader, text, tuple(range(4)))
    place = read(reader, text).best(1)[0][0]
    lost = (reading.trace.logits[-1] - read(reader, text).trace.logits[-1])[place].item()
    assert heads[1, 2] == pytest.approx(lost, abs=1e-5) and parts.shape == (4, 2)


@both
def test_the_lens_ends_in_what_the_network_says(name, seed):
    reading = read(Small(name), sentence_of(seed))
    numbers, values = lens_view.lens(reading.reader, sentence_of(seed))
    assert torch.equal(numbers[-1], reading.trace.logits.argmax(dim=-1))
    assert values[-1, -1].item() == pytest.approx(reading.best(1)[1][0], abs=1e-6)


def test_the_cache_changes_no_logit_and_saves_work():
    found = cost_view.measured(Small(GPT))
    assert found.difference < 1e-3 and found.bytes_each == 4 * 2 * 128 * 4
    count = np.array([10, 100])
    again = cost_view.multiplications(found.reader, count, count)
    cached = cost_view.multiplications(found.reader, np.ones(2), count)
    assert (again > cached).all() and (again / cached)[1] > (again / cached)[0]


def test_shuffled_places_cost_the_small_gpt_surprise_in_ordinary_text():
    found = compare_views.costs(Small(GPT), compare_views.TEXT.value)
    assert found[compare_views.SHUFFLED] > found[compare_views.ASIS]
    reading = read(Small(GPT), TEXT)
    loss = functional.cross_entropy(reading.trace.logits[:-1], torch.tensor(reading.numbers[1:])).item()
    assert reading.surprise.mean() == pytest.approx(loss / math.log(2), abs=1e-4)


@pytest.mark.parametrize("name", ["gpt", "bert"])
def test_the_record_beats_counting_and_what_ships_is_small(name):
    """The held-out perplexity of the GPT is below, the accuracy of BERT above all counting."""
    found = shipped.record(name)
    quantity = "perplexity" if name == "gpt" else "accuracy"
    value, others = found["measures"][quantity], found["baselines"].values()
    assert value < min(others) if name == "gpt" else value > max(others)
    assert found["moments"][0]["step"] == 0 and len(found["moments"]) > 10
    assert found["moments"][-1][quantity] != found["moments"][0][quantity]
    files = [path for path in tokens.FOLDER.iterdir() if path.suffix in (".safetensors", ".json")]
    assert sum(path.stat().st_size for path in files) < 5_000_000
    card = (tokens.FOLDER / "card.md").read_text(encoding="utf-8")
    assert found["recipe"] in card and all(text in card for text in found["texts"])


@pytest.mark.skipif(not (Path(DATA) / "text-small").is_dir(), reason="the texts are not on this machine")
def test_perplexity_is_below_that_of_counting_on_plays_never_read(monkeypatch):
    """Measured again, on the held-out tenth of the plays: against counts made of all plays that were learned from."""
    monkeypatch.setenv("ROADMAP_LAB_DATA", DATA)
    from core.data.texts import plays
    from core.language.baselines import counted as counts_of
    from core.language.baselines import perplexities
    from core.language.windows import stream

    corpus = plays()
    learned, held_out = stream(corpus.documents), stream(corpus.held_out)
    windows = batch([held_out], 24, 127, 5, 0)
    counting = perplexities(counts_of([learned], tokens.VOCABULARY), windows)
    with torch.no_grad():
        logits = shipped.shipped("gpt")(windows[:, :-1])
    ours = math.exp(functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten()).item())
    assert ours < counting["pairs"] < counting["single tokens"]


# Tokens and windows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["strawberry", " the movie", "naïve 🍓 мир שלום", "<|turn|><|mask|>", "\x00\ttab\nline"]
)
def test_any_text_comes_back_from_its_tokens(text):
    numbers = tokens.encode(text)
    assert tokens.decode(numbers) == text
    assert b"".join(tokens.pieces()[number] for number in numbers).decode() == text
    assert min(numbers) > tokens.MASK, "what is typed never becomes a special token"


@pytest.mark.parametrize("word", ["strawberry", " something", " attention", "🍓", "Zxqv"])
def test_merges_end_in_the_tokens(word):
    rows = merges.steps(word.encode())
    assert rows[-1] == [tokens.pieces()[number] for number in tokens.encode(word)]
    assert all(len(after) < len(before) and b"".join(after) == word.encode() for before, after in pairwise(rows))


def test_strawberry_is_no_row_of_letters():
    pieces = [tokens.pieces()[number] for number in tokens.encode("strawberry")]
    assert 1 < len(pieces) < 10 and b"r" not in pieces


def test_windows_depend_on_seed_and_step_and_begin_with_the_start_token(seed):
    source = Stream(np.arange(5, 405, dtype=np.int32), np.arange(0, 400, 7))
    first, again, later = (batch([source], 6, 20, seed, step) for step in (3, 3, 4))
    assert torch.equal(first, again) and not torch.equal(first, later)
    assert (first[:, 0] == tokens.START).all() and (first[:, 2:] == first[:, 1:-1] + 1).all()
    read_in, wanted = next_tokens(first)
    assert torch.equal(read_in[:, 1:], wanted[:, :-1])
    shown, hidden = masked(first, 500, seed, 0, 0.3)
    asked = hidden != UNASKED
    assert (shown[asked] == tokens.MASK).all() and torch.equal(shown[~asked], first[:, :-1][~asked])
    assert torch.equal(hidden[asked], first[:, :-1][asked]) and not asked[:, 0].any()


def test_chances_are_those_of_the_softmax_cut_and_sharpened(seed):
    logits = torch.randn(30, generator=torch.Generator().manual_seed(seed))
    assert torch.allclose(chances(logits), logits.softmax(dim=0))
    assert chances(logits, 0)[logits.argmax()] == 1
    top = chances(logits, 0.7, 5)
    assert (top > 0).sum() == 5 and top.sum().item() == pytest.approx(1, abs=1e-6)
    assert top.max() > chances(logits, 1.0, 5).max()


def test_writing_goes_on_beyond_the_context_and_stops_where_it_should():
    model = Transformer(40, 16, 32, 4, 1, seed=1)
    numbers = list(written(model, [0, 5], 60, seed=3))
    assert len(numbers) == 60 and numbers == list(written(model, [0, 5], 60, seed=3))
    assert until(iter([4, 5, 0, 6]), lambda number: number == 0) == [4, 5]


# What is typed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "   ", "word " * 20_000, "🍓" * 400])
@both
def test_what_cannot_be_read_is_refused_in_one_sentence(name, text):
    with pytest.raises(ValueError, match=r"^[A-Z][^.]*\.$"):
        checked(Small(name), text)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "$x$ `a` [b](http://c) ![d](e)", "🍓 мир", "<|mask|> <|turn|>"]
)
def test_hostile_text_is_shown_and_never_interpreted(text):
    """Nothing that is typed stands in a sentence; in pictures tags are written out."""
    reader = Small(GPT)
    for shown in (
        attention_view.draw(reader, text, 1, 1), words_views.next_view(reader, text, 1.0, 0),
        lens_view.draw(reader, text),
        compare_views.places_view(reader, text, compare_views.SHUFFLED), tokens_view.draw(reader, text),
    ):  # fmt: skip
        assert "script>" not in shown.note and "http" not in shown.note
        for row in shown.pictures:
            for picture in row:
                assert "<script" not in str(picture.traces) + str(picture.layout)
        assert all("](" not in str(cell) for rows in shown.tables for cell in rows)


def test_a_gap_is_needed_and_found():
    with pytest.raises(ValueError, match="___"):
        words_views.gapped(Small(BERT), "no gap")
    reading, place = words_views.gapped(Small(BERT), "I really ___ that movie.")
    assert reading.numbers[place] == tokens.MASK and reading.numbers.count(tokens.MASK) == 1
    assert words_views.left_of("I really ___ that") == "I really"
    assert words_views.left_chances("___ is good.").sum().item() == pytest.approx(1, abs=1e-4)


def test_a_click_sets_what_it_points_at():
    reader = Small(GPT)
    shown = attention_view.draw(reader, TEXT, 1, 1)
    assert [value for _, value in shown.clicked({"row": 1, "panel": 0, "x": 2, "y": 1})] == [2, 3]
    assert shown.clicked({"row": 0, "panel": 0, "x": 2, "y": 1}) == ()
    shown = words_views.next_view(reader, "I think", 1.0, 0)
    ((control, text),) = shown.clicked({"row": 0, "panel": 0, "x": 0.1, "y": 0})
    assert control is words_views.PROMPT and text.startswith("I think") and len(text) > len("I think")


# Train your own ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def taught():
    """A short training, as the page's job does it."""
    pupil = measure(**{**defaults(OWN.controls), "steps": 60, "layers": 1, "width": "32"}, seed=1)
    work = teach(pupil)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_an_untrained_network_spends_the_logarithm_of_what_it_could_say(seeds):
    for seed in seeds[:3]:
        pupil = measure(**defaults(OWN.controls), seed=seed)
        assert pupil.before.held_out == pytest.approx(math.log2(pupil.letters.vocabulary), abs=0.15)


def test_it_learns_and_is_recorded_frame_by_frame(taught):
    first, last = taught.moments[0], taught.moments[-1]
    assert last.training < first.training - 1 and len(taught.moments) == letters.FRAMES + 1
    shown = taught_view(taught)
    picture = shown.pictures[0][0]
    assert len(picture.frames) == len(picture.captions) == letters.FRAMES + 1
    assert taught_goal(None).passed is False and taught_goal(taught).passed == (last.training <= 2.0)


def test_the_written_program_trains_the_same_network(taught, tmp_path):
    program = code(taught.pupil)
    assert lines_of_code(program.text) <= 100
    result = results_of([program], tmp_path)[0]
    recipe = letters.recipe_of(60, taught.pupil.seed)
    pupil = taught.pupil
    from core.language.training import begun, steps

    progress = begun(letters.network(pupil.letters, 1, pupil.heads, pupil.width, pupil.seed), recipe)
    for _ in steps(progress, [pupil.letters.stream], recipe):
        pass
    assert distance(result, {"first loss": progress.losses[0], "last loss": progress.losses[-1]}) < 1e-3


def test_a_text_of_the_learners_own_is_counted_or_refused():
    for text in ("", "too short", "x" * 20_001):
        with pytest.raises(OwnDataError, match=r"^[A-Z][^.]*\.$"):
            measure(**{**defaults(OWN.controls), "learn_from": MINE, "your_own_text": text}, seed=0)
    made = Letters(SONNETS)
    assert made.spelt(made.numbers.tolist()) == SONNETS
    bits = counted(made)
    assert 0 < bits["pairs"] < bits["single characters"] < math.log2(made.vocabulary)


# Every view ----------------------------------------------------------------------------------------------------------


def test_every_view_has_a_question_a_goal_and_a_program():
    views = [ALONE[name] if name in ALONE else CHOICES[name][1] for name in ORDER]
    assert len(ORDER) == len(ALONE) + len(CHOICES)
    for view in views:
        assert view.question and view.program and view.before and (view.goal or view.later)


@pytest.mark.parametrize("view", [attention_view.VIEW, lens_view.VIEW], ids=["attention", "lens"])
def test_programs_follow_the_other_model_too(view, tmp_path):
    reader = Small(BERT)
    looks = defaults(view.looks(reader))
    program = view.program(reader, **looks)
    assert distance(results_of([program], tmp_path)[0], program.shown) < 1e-4
