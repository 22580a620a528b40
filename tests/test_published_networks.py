"""torchvision's networks by name in the classifier: offered, refused, opened from torch's folder, asked, taken away."""

import io
import zipfile

import pytest
import torch
from programs_run import distance, results_of
from torchvision import models

from core.models.published import EXAMPLES, Published, UnknownNetworkError, named, offer, opened, published, stored
from core.projects.classifier import export, finetune, programs, sketches, strangers, views
from core.projects.classifier.features import OURS, looked_at
from core.projects.classifier.incoming import finished
from core.projects.classifier.study import Settings, trained
from core.projects.classifier.why import LAYERS, answered, attention
from core.serving import hosting

NAME = "mobilenet_v3_small"


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    """Weights of a network where torch keeps what it has downloaded: random ones, as no test may download."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    torch.manual_seed(0)
    stored(NAME).parent.mkdir(parents=True)
    torch.save(models.get_model(NAME, weights=None).state_dict(), stored(NAME))
    opened.cache_clear()
    yield Settings(side=96, network=NAME)
    opened.cache_clear()


@pytest.mark.parametrize("name", EXAMPLES)
def test_features_are_what_torchvision_averages(name, seed):
    model = models.get_model(name, weights=None).eval()
    x = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(seed))
    last = next(layer for layer in reversed(list(model.children())) if isinstance(layer, torch.nn.AdaptiveAvgPool2d))
    averaged = []
    last.register_forward_hook(lambda _, __, answer: averaged.append(answer.flatten(1)))
    with torch.no_grad():
        model(x)
        own = Published(model, [0.5] * 3, [0.2] * 3).features(x)
    assert torch.allclose(own, averaged[0], atol=1e-5)


def test_pixels_are_normalised_as_torchvision_does():
    weights = models.get_model_weights(NAME).DEFAULT.transforms()
    pixels = torch.randint(0, 256, (1, 96, 96, 3), dtype=torch.uint8)
    network = Published(models.get_model(NAME, weights=None), weights.mean, weights.std)
    from torchvision.transforms.v2.functional import normalize

    theirs = normalize(pixels.permute(0, 3, 1, 2) / 255, weights.mean, weights.std)
    assert torch.allclose(network.normalised(pixels), theirs, atol=1e-6)


@pytest.mark.parametrize(
    "name", ["../../etc", "resnet18 ", "vit_b_16", "vgg16", "convnext_large", "<script>", "", "🙂"]
)
def test_a_name_is_known_or_refused_in_one_sentence(name):
    if name.strip() == "resnet18":
        assert named(name) == "resnet18" and "45 MB" in offer(name).sentence and "BSD" in offer(name).sentence
        return
    with pytest.raises(UnknownNetworkError, match=r"^[^.]*(\.[^ ]+)*[.;,].*\.$"):
        named(name)


def test_nothing_is_fetched_unless_it_is_allowed(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    opened.cache_clear()
    with pytest.raises(UnknownNetworkError, match="Allow the download"):
        published(NAME)
    asked = views.asked(96, 0.25, False, f" {NAME} ".upper(), False, 0)
    assert asked.settings.network == NAME and "Allow the download" in asked.refusal
    assert not views.asked(96, 0.25, False, NAME, True, 0).refusal
    assert views.asked(96, 0.25, False, "", False, 0).settings.network == OURS
    with monkeypatch.context() as strangers, pytest.raises(UnknownNetworkError, match="your own machine"):
        strangers.setenv(hosting.VARIABLE, "1")
        published(NAME, download=True)
    stored(NAME).parent.mkdir(parents=True)
    stored(NAME).write_bytes(b"not weights")
    with pytest.raises(UnknownNetworkError, match="damaged"):
        published(NAME)


def test_an_album_is_studied_explained_and_taken_away_by_another_network(fetched):
    album = sketches.clean()
    rows = finished(looked_at(album.pictures, fetched.side, False, NAME))
    assert len(rows) == len(album.pictures) and {len(row) for row in rows.values()} == {576}
    found = trained(album, fetched)
    assert found.study.features.shape == (len(album.pictures), 1, 576)
    reply = answered(found, sketches.fresh("a new cat"))
    sides = {layer: attention(found, reply.picture, reply.place, layer).shape for layer in LAYERS}
    assert sides["a third deep"][0] > sides["two thirds deep"][0] >= sides["last maps"][0]
    assert len(strangers.measured(found, 0.05).strangers)
    assert "576 features" in views.question(found).text
    assert finetune.LastBlock(found.study)(finetune.answers_before(reply.picture, fetched, 0)).shape == (1, 6)
    made = finished(export.exported(album, fetched, with_pictures=False))
    assert made.difference < export.TOLERANCE
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        assert NAME in archive.read("README.md").decode()


def test_the_program_of_another_network_makes_what_is_shown(fetched, tmp_path):
    """It downloads where weights are missing; here they lie in torch's folder already."""
    found = trained(sketches.clean(), fetched)
    program = programs.of_answer(found, answered(found, sketches.fresh("a new cat")))
    (result,) = results_of([program], tmp_path / "programs")
    assert distance(result, program.shown) <= program.tolerance
