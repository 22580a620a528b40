"""Reasons and a challenge of the page “BERT and Transformers” fit what was measured."""

from dataclasses import replace

from core.language.letters import counted
from core.lessons.controls import defaults
from core.topics.transformers import (
    attention_view,
    compare_views,
    lens_view,
    own_view,
    record_view,
    tokens_view,
    words_views,
)
from core.topics.transformers.readers import BERT, GPT, Small, read


def test_reasons_fit_what_was_measured():
    sure = words_views.how_sure(Small(GPT), "I really", 1.0, 1)
    assert sure.truth == 100 and "top-k" in sure.because
    assert "-0.0" not in words_views.next_view(Small(GPT), "I really", 1.0, 1).note
    assert (
        "as they are" not in compare_views.places_view(Small(GPT), "I really like that movie", compare_views.ASIS).note
    )
    for text in ("I really", "What a", "We will", "It is not"):
        late = lens_view.when(Small(GPT), text)
        assert ("still changes" in late.because) == (late.truth == 4)
        sink = attention_view.asked(Small(GPT), text, 1, 1)
        reading = read(Small(GPT), text)
        even = attention_view.to_first(reading) <= 1 / len(reading.numbers)
        assert ("do not rest" in sink.because) == even
    gaps = ("I really ___ that movie.", "Thank you very ___", "As soon as ___ can.")
    for text in gaps:
        better = words_views.better_side(Small(BERT), text)
        assert ("says enough" in better.because) == (better.truth == "GPT")


def test_one_letter_is_one_token_and_no_plural():
    note, now = tokens_view.draw(Small(GPT), "a").note, tokens_view.one_token(Small(GPT), "a").now
    assert note.startswith("**1 token** for 1 character (1 byte).") and now == "Now: 1 character, 1 token."
    assert tokens_view.draw(Small(GPT), "I think so").note.startswith("**3 tokens** for 10 characters (10 bytes).")


def test_the_challenge_of_the_lens_can_be_met():
    reader = Small(GPT)
    assert lens_view.early(reader, "the movie was one of the best movies of all time").passed
    assert not lens_view.early(reader, lens_view.TEXT.value).passed


def test_carrying_over_is_said_of_a_network_that_does():
    pupil = own_view.measure(**defaults(own_view.VIEW.controls), seed=0)
    level = counted(pupil.letters)["pairs"]
    for gap in (-0.5, 0.5):
        last = replace(pupil.before, held_out=level + gap, training=level)
        taught = own_view.Taught(pupil, (pupil.before, last), 0.0)
        asked = own_view.which_gap(taught)
        assert (asked.truth == "ahead") == (gap < 0) == ("carries over to lines that it never read" in asked.because)
        assert (
            ("known by heart" in asked.because)
            == (gap > 0)
            == ("learns this text by heart" in own_view.taught_view(taught).note)
        )


def test_each_record_is_held_against_what_was_counted_beside_it():
    for name, known in ((GPT, "Pairs know one neighbour"), (BERT, "Counting knows the two neighbours")):
        asked = record_view.how_good(record_view.measure(name, 0))
        assert asked.because.startswith(known) and ("both neighbours" in asked.text) == (name == BERT)
