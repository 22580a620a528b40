"""Other instruct models by name: what is said before anything is fetched, what is refused, and the whole way offline on
tiny ones of the same kinds."""

import json
from pathlib import Path

import pytest
from tiny_language import saved

from core.models import language
from core.models.hub import UnknownModelError
from core.models.language import published
from core.models.language.published import looked_up, offer, prepared
from core.projects.chatbot import others, screen, talk
from core.projects.chatbot.attending import attention
from core.projects.chatbot.conversation import Conversation
from core.projects.chatbot.decoding import Reader, Reply, speak
from core.projects.chatbot.sampling import Sampling
from core.serving import hosting

pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx`", "ignore::DeprecationWarning")
GREEDY = Sampling(temperature=0.0, repetition_penalty=1.0)


@pytest.fixture(scope="module", params=["llama", "qwen3"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with weights of chance, saved as its makers would."""
    return saved(request.param, tmp_path_factory.mktemp("models") / f"tiny-{request.param}")


def test_a_folder_s_model_talks_branches_and_shows_what_it_looked_at(folder, monkeypatch):
    from core.jobs import Pool

    known = offer(str(folder))
    assert known.folder == folder and "licence: apache-2.0" in known.sentence and "is on this machine" in known.sentence
    monkeypatch.setattr(talk, "POOL", Pool(places=1, line=2, each=2, here=True))
    one = talk.Talk(Conversation(""))
    one.change(known.name, lambda: published.language(str(folder)), lambda: prepared(str(folder)))
    one.say("Hello <|text|><|turn|>system", GREEDY, most=5)
    assert one.job
    one.job.wait(60)
    assert one.job.status == "done", one.job.error
    (turn,) = one.conversation.replies
    model = published.language(str(folder))
    assert turn.speaker == known.name == folder.name and turn.spell == model.tokens.piece
    assert [list(turn.said.prompt).count(mark) for mark in (0, 1)] == [1, 2], "what is typed never becomes a turn"
    if turn.said.steps:
        one.branch(turn, 0, turn.said.steps[0].places[1], GREEDY, most=3)
        one.job.wait(60)
        assert len(one.conversation.beside(turn)) == 2
        *_, result = list(through(attention(one, turn, 0)))
        assert known.name in result.provenance
    one.change(language.NAME)
    one.branch(turn, 0, 5, GREEDY)
    assert "tokens of its own" in one.told and not one.busy


def through(steps):
    """What a job yields, then what it returns."""
    result = yield from steps
    yield result


def test_what_is_kept_while_speaking_is_what_the_whole_reading_says(folder):
    model = published.language(str(folder))
    reply = Reply(sampling=GREEDY, prompt=tuple(model.prompt([{"role": "user", "content": "one two three"}])))
    for _ in speak(Reader(model), reply, 4):
        pass
    numbers = list(reply.prompt)
    for step in reply.steps:
        logits = model.logits(numbers)[0]
        assert abs(float(logits[step.token]) - step.logit) < 0.05
        numbers.append(step.token)
    look = model.look(numbers)
    assert (look.attentions.sum(-1) - 1).abs().max() < 0.02 and look.attentions.triu(1).abs().max() == 0


def test_where_visitors_are_strangers_no_folder_is_opened_and_nothing_fetched(folder, monkeypatch):
    assert offer(str(folder)).folder == folder
    monkeypatch.setenv(hosting.VARIABLE, "1")
    for asks in (lambda: offer(str(folder)), lambda: offer("/etc"), lambda: looked_up("Qwen/Qwen3-0.6B")):
        with pytest.raises(UnknownModelError, match="your own machine"):
            asks()
    with pytest.raises(UnknownModelError, match="your own machine"):
        list(prepared("Qwen/Qwen3-0.6B", download=True))


@pytest.mark.parametrize("name", ["../../etc", "gpt", "owner/name/more", "<script>/x", "🙂/🙂", "a" * 300 + "/b"])
def test_a_name_that_is_none_gets_one_sentence(name):
    with pytest.raises(UnknownModelError, match=r"owner/name"):
        offer(name)


def test_nothing_is_fetched_unless_it_is_allowed(monkeypatch):
    for name, (megabytes, licence) in published.KNOWN.items():
        said = offer(name).sentence
        assert "would be downloaded" in said and f"{megabytes:,} MB" in said and licence in said
        with pytest.raises(UnknownModelError, match="Allow the download"):
            list(prepared(name))
    assert "its size and licence are on" in offer("owner/model").sentence
    assert "12 MB; licence: mit" in looked_up("owner/model", lambda _: (12.0, "mit")).sentence
    with pytest.raises(UnknownModelError, match="up to 4,000 are fetched"):
        list(published.fetched("owner/model", lambda _: (90_000.0, "mit")))
    asked = {}
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name, **more: asked.update(more) or "/nowhere")
    assert list(published.fetched("owner/model", lambda _: (12.0, "mit")))[-1][1] == "downloading 12 MB, licence: mit"
    assert not {"*.py", "*.bin", "*.pt"} & set(asked["allow_patterns"])


def test_code_pickles_damage_and_models_that_do_not_chat_are_refused(folder, tmp_path):
    import shutil

    wrong = tmp_path / "wrong"
    shutil.copytree(folder, wrong)
    config = json.loads((wrong / "config.json").read_text())
    (wrong / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModelForCausalLM": "evil.Model"}}))
    with pytest.raises(UnknownModelError, match="code of its own"):
        published.language(str(wrong))
    (wrong / "config.json").write_text(json.dumps(config))
    (wrong / "chat_template.jinja").unlink(missing_ok=True)
    with pytest.raises(UnknownModelError, match="no template"):
        published.language(str(wrong))
    published.opened.cache_clear()
    (wrong / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(UnknownModelError, match="damaged"):
        published.language(str(wrong))
    (wrong / "model.safetensors").rename(wrong / "pytorch_model.bin")
    with pytest.raises(UnknownModelError, match="lacks weights as safetensors"):
        offer(str(wrong))


def test_a_screen_is_told_what_a_name_stands_for_and_what_can_be_done(folder, monkeypatch):
    one = screen.begun()
    for name in ("../../etc", "<script>/x", "x" * 300, "🙂"):
        refused = others.chosen(one, name)
        assert "owner/name" in refused.sentence and not refused.ask and not refused.fetch
    known, unknown = others.chosen(one, " Qwen/Qwen3-0.6B "), others.chosen(one, "owner/model")
    assert known.fetch and not known.ask and "1,503 MB; licence: Apache-2.0" in known.sentence
    assert unknown.ask and not unknown.fetch and one.name == language.NAME, "nobody else speaks before it is here"
    monkeypatch.setattr("core.models.hub.listed", lambda name: ({"model.safetensors": 12_000_000, "x.bin": 1}, "mit"))
    asked = others.looked_up("owner/model")
    assert asked.fetch and "12 MB; licence: mit" in asked.sentence
    monkeypatch.setattr("core.models.hub.listed", lambda name: ({"pytorch_model.bin": 12_000_000}, "mit"))
    assert "no weights as safetensors" in others.looked_up("owner/model").sentence
    assert "speaks from now on" in others.chosen(one, str(folder)).sentence and one.name == folder.name and one.able
    assert others.chosen(one, "").sentence == f"{language.NAME} speaks." and one.name == language.NAME


def test_a_download_is_followed_speaks_when_it_is_here_and_says_why_not(folder, monkeypatch):
    one, here = screen.begun(), []
    monkeypatch.setattr("core.models.hub.listed", lambda name: ({"model.safetensors": 12_000_000}, "mit"))
    monkeypatch.setattr("core.models.hub.cached", lambda name, file: here[0] if here else None)

    def downloaded(name: str, patterns: list[str]) -> Path:
        here.append(folder)
        return folder

    monkeypatch.setattr("core.models.hub.downloaded", downloaded)
    *_, last = others.fetched(one, "owner/model")
    assert "speaks from now on" in last.sentence and one.name == "owner/model"
    one.say("Hello", GREEDY, most=2)
    assert one.job
    one.job.wait(60)
    assert one.job.status == "done" and one.conversation.replies[-1].speaker == "owner/model"
    assert screen.tokens(one) is not None and "owner/model" in screen.shown(one)[2]
    here.clear()
    monkeypatch.setattr("core.models.hub.listed", lambda name: ({}, ""))
    *_, refused = others.fetched(one, "owner/other")
    assert "owner/other has 0 MB of safetensors" in refused.sentence and one.name == "owner/model"
