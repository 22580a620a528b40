"""Reasons of the page “BERT and Transformers” fit what was measured; the challenge of its lens can be met."""

from core.topics.transformers import attention_view, compare_views, lens_view, tokens_view, words_views
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


def test_the_challenge_of_the_lens_can_be_met():
    reader = Small(GPT)
    assert lens_view.early(reader, "the movie was one of the best movies of all time").passed
    assert not lens_view.early(reader, lens_view.TEXT.value).passed


def test_a_word_of_one_token_is_counted_as_one():
    reader, word = Small(GPT), " different"
    assert tokens_view.one_token(reader, word).now == "Now: 9 characters, 1 token."
    assert tokens_view.draw(reader, word).note.startswith("**1 token** for 10 characters (10 bytes).")
