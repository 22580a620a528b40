"""The classifier's parts against their oracles: the network, the head, the split, what arrives, what is taken away."""

import io
import itertools
import os
import struct
import zipfile
import zlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from core.models.efficientnet import EfficientNetLite0, ours, renamed
from core.models.imagenet import MissingWeightsError, checked, efficientnet_lite0, kept, packaged
from core.projects.classifier import doubts, features, incoming, likeness, shipped, sketches, strangers, views
from core.projects.classifier.gallery import SIDE, Album, picture, tidy
from core.projects.classifier.head import fitted, logistic, several
from core.projects.classifier.incoming import Arrived, File, finished, received, unzipped
from core.projects.classifier.shelf import Shelf
from core.projects.classifier.study import Settings, familiar, trained
from core.projects.classifier.why import LAYERS, attention, grad_cam
from core.serving.uploads import Refused

# The network


def test_the_networks_tensors_are_the_packages_one_for_one():
    theirs = torch.load(packaged(), weights_only=True)
    own = EfficientNetLite0().state_dict()
    assert {ours(name): tuple(tensor.shape) for name, tensor in theirs.items()} == {
        name: tuple(tensor.shape) for name, tensor in own.items()
    }
    loaded = efficientnet_lite0().state_dict()
    assert all(torch.equal(tensor, loaded[name]) for name, tensor in renamed(theirs).items())


def test_weights_that_were_changed_are_refused(tmp_path: Path):
    other = tmp_path / "other.pth"
    other.write_bytes(packaged().read_bytes()[:-1] + b"x")
    with pytest.raises(MissingWeightsError, match="not the file that was checked"):
        checked(other)
    assert kept().suffix == ".safetensors"


EXPECTED = {"chelsea.png": {"tabby", "tiger cat", "Egyptian cat"}, "coffee.png": {"espresso"}, "camera.png": {"tripod"}}


def test_it_knows_what_licensed_photographs_show():
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    folder = Path(os.environ.get("ROADMAP_LAB_DATA", "")) / "photos-cc0-skimage"
    if not folder.is_dir():
        pytest.skip("no photographs on this machine: ROADMAP_LAB_DATA names no folder with photos-cc0-skimage")
    for name, right in EXPECTED.items():
        with Image.open(folder / name) as photo:
            pixels = torch.from_numpy(picture(name, photo.convert("RGB")).pixels.copy())
        with torch.no_grad():
            best = int(efficientnet_lite0()(efficientnet_lite0().normalised(pixels[None])).argmax())
        assert _IMAGENET_CATEGORIES[best] in right, name


@pytest.mark.parametrize("size", [96, 128, 224, 97])
def test_maps_are_a_thirty_second_of_the_picture(size: int):
    x = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(size))
    with torch.no_grad():
        maps = efficientnet_lite0().maps(x)
        assert maps.shape == (1, 1280, -(-size // 32), -(-size // 32))
        assert torch.allclose(efficientnet_lite0().features(x), maps.mean(dim=(2, 3)))


def test_shipped_features_are_those_of_the_network():
    assert shipped.rows(), "the file is there and of these weights"
    for one, side in itertools.product((sketches.sketch("cat", 3), sketches.sketch("key", 601)), features.SIZES):
        look = features.Look(one.digest, side, 0)
        assert look[:3] in shipped.rows(), "the sketches come out pixel for pixel"
        assert torch.allclose(shipped.rows()[look[:3]], features.computed(one, side, 0), atol=1e-4)


# The head


def test_the_head_is_the_one_minimum_that_scikit_learn_finds(seed: int):
    from sklearn.linear_model import LogisticRegression

    draw = np.random.default_rng(seed)
    x, y = draw.normal(1, 1, (30, 50)), draw.permutation(np.arange(30) % 3)
    weights, offsets = logistic(torch.from_numpy(x), torch.from_numpy(y), 3, 0.5)
    theirs = LogisticRegression(C=2.0, tol=1e-10, max_iter=10_000).fit(x, y)
    assert np.allclose(weights, theirs.coef_, atol=1e-4)
    gap = np.asarray(offsets) - theirs.intercept_
    assert np.allclose(gap, gap.mean(), atol=2e-3)  # one number for all classes changes no probability


def test_grad_cam_at_the_last_convolution_is_the_weighted_sum_of_maps(seed: int):
    """There each map's mean slope is known in closed form (Selvaraju et al. 2017, section 3.1)."""
    x = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    row = functional.normalize(torch.rand(4, 1280, generator=torch.Generator().manual_seed(seed + 1)), dim=1)
    head = fitted(row, torch.arange(4), 4)
    network = efficientnet_lite0()
    with torch.no_grad():
        maps = network.maps(x)[0]
    mean = maps.mean(dim=(1, 2))
    unit = mean / mean.norm()
    slopes = (head.weights[2] - unit * (head.weights[2] @ unit)) / mean.norm()  # of a logit of normalised features
    heat = (slopes[:, None, None] * maps).sum(dim=0).clamp_min(0)
    assert torch.allclose(grad_cam(network, head, network.maps(x), 2, 16), heat / heat.max(), atol=1e-4)


def test_heads_that_are_found_together_are_those_that_are_found_alone(seed):
    """Also where a head sees too few pictures to say much, or none of a class, whose logit has no lower bound then; and
    where there are more pictures than features."""
    draw = torch.Generator().manual_seed(seed)
    for count, width in ((24, 40), (60, 8)):
        x = functional.normalize(torch.randn(count, width, generator=draw))
        y = torch.arange(count) % 3
        those = torch.rand(4, count, generator=draw) < torch.tensor([1.1, 0.8, 0.5, 0.2])[:, None]
        for head, own in zip(several(x, y, 3, those), those, strict=True):
            alone = fitted(x[own], y[own], 3)
            answers = (each.logits(x).softmax(dim=1) for each in (head, alone))
            assert torch.allclose(*answers, atol=1e-4), (count, int(own.sum()))


def test_a_map_is_as_fine_as_its_layer():
    found = trained(sketches.clean())
    sides = {layer: attention(found, sketches.fresh("a new cat"), 1, layer).shape for layer in LAYERS}
    assert sides == {"two thirds deep": (8, 8), "last maps": (4, 4), "a third deep": (16, 16)}


# The split


def test_near_duplicates_stay_on_one_side(seeds: list[int]):
    album = sketches.flawed()
    study = trained(album).study
    assert {album.called(place) for pair in study.duplicates for place in pair[:2]} == {
        "boat 3", "boat 13", "house 4", "house 13", "house 8", "house 14",
    }  # fmt: skip
    for seed in seeds[:10]:
        part = likeness.parts(album.labels, likeness.groups(len(album.labels), study.duplicates), 0.25, 4, seed)
        assert all(part[first] == part[second] for first, second, _ in study.duplicates)
        assert all((part[torch.tensor(album.labels) == label] == 0).any() for label in range(len(album.names)))
        assert all((part[torch.tensor(album.labels) == label] > 0).any() for label in range(len(album.names)))


def test_a_class_of_nothing_but_copies_is_learned_from():
    part = likeness.parts([0, 0, 0, 1, 1, 1], [0, 0, 0, 3, 4, 5], 0.34, 4, 0)
    assert (part[:3] > 0).all() and (part[3:] == 0).sum() == 1


def test_the_smallest_albums_are_learned_from_or_refused_in_a_sentence(seeds: list[int]):
    two = Album().added("cat", [sketches.sketch("cat", k) for k in range(2)])
    two = two.added("car", [sketches.sketch("car", k) for k in range(2)])
    for seed in seeds[:5]:
        found = trained(two, Settings(seed=seed))
        assert found.study.score[1] == 2 and found.study.logits.isfinite().all()
        assert found.study.familiarity.isfinite().all()
        assert views.accuracy(found).pictures and views.pictures(found).note and doubts.doubts(found)
    copies = Album().added("cat", [sketches.sketch("cat", 0)] * 3).added("car", [sketches.sketch("car", 0)] * 3)
    with pytest.raises(ValueError, match="nearly the same"):
        trained(copies)
    both = Album().added("cat", [sketches.sketch("cat", 0)] * 2).added("car", [sketches.sketch("cat", 0)] * 2)
    with pytest.raises(ValueError, match="nearly the same"):
        trained(both)
    with pytest.raises(ValueError, match="Two classes"):
        trained(Album().added("cat", [sketches.sketch("cat", 0)] * 3))


def test_chains_of_copies_are_one_group(seed: int):
    order = np.random.default_rng(seed).permutation(6)
    pairs = [(int(min(a, b)), int(max(a, b)), 1.0) for a, b in pairwise(order)]
    assert likeness.groups(6, pairs) == [0] * 6


def test_a_new_name_needs_no_training():
    album = sketches.clean()
    study = trained(album).study
    assert trained(album.renamed(1, "tom")).study is study
    assert trained(album.renamed(1, "tom")).names[1] == "tom"
    assert trained(album.moved(0, 1)).study is not study


# What arrives


def png(wide: int, high: int) -> bytes:
    """A PNG that claims a size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return file.getvalue()


GOOD = sketches.sketch("cat", 0).content
HOSTILE = {
    "text called .jpg": (b"I am not a picture.", "not a picture"),
    "empty": (b"", "empty"),
    "30,000 x 30,000": (png(30_000, 30_000), "million pixels"),
    "cut off": (saved(Image.effect_noise((300, 300), 80))[:5000], "damaged"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "SVG"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gets_one_sentence_and_the_others_are_read(name: str):
    content, words = HOSTILE[name]
    came = finished(received([File("good.png", GOOD), File("bad.jpg", content)], "cat"))
    assert len(came.pictures) == 1 and len(came.refused) == 1
    assert words in came.refused[0] and "bad.jpg" in came.refused[0]


def test_unusual_pictures_are_made_readable():
    upright = Image.fromarray(sketches.sketch("house", 1).pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = Image.fromarray(np.asarray(upright.convert("L")).astype(np.uint16) * 257)
    cases = {
        "EXIF": saved(upright.rotate(90), "JPEG", exif=exif), "CMYK": saved(upright.convert("CMYK"), "JPEG"),
        "16-bit": saved(deep),
    }  # fmt: skip
    known = features.features([sketches.sketch("house", 1)], 128)[0, 0]
    for word, content in cases.items():
        one = incoming.read("one.jpg", content)
        assert word in one.note and one.pixels.shape == (SIDE, SIDE, 3)
        alike = float(features.features([one], 128)[0, 0] @ known)
        assert alike > (0.75 if word == "16-bit" else 0.9), word  # greys lose their colours


def test_a_zip_has_a_class_in_each_folder_and_leads_nowhere():
    files = {"all/cat/1.png": GOOD, "all/dog/1.png": GOOD, "../../evil/1.png": GOOD, "alone.png": GOOD,
             "/etc/1.png": GOOD, "C:/x/1.png": GOOD, "__MACOSX/cat/1.png": GOOD, "cat/.DS_Store": b"x",
             "a\\..\\b\\1.png": GOOD}  # fmt: skip
    came = finished(unzipped(zipped(files)))
    assert [name for name, _ in came.pictures] == ["cat", "dog"]
    assert len(came.refused) == 5 and any("leads out" in each for each in came.refused)
    assert any("lies in no folder" in each for each in came.refused)


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(incoming, "MOST_UNZIPPED", 6_000_000)
    with pytest.raises(Refused, match="unpacks to"):
        finished(unzipped(zipped({f"a/{number}.png": bytes(4_000_000) for number in range(2)})))
    monkeypatch.setattr(incoming, "MOST_ENTRIES", 1)
    with pytest.raises(Refused, match="files; at most"):
        finished(unzipped(zipped({"a/1.png": GOOD, "a/2.png": GOOD})))


def test_what_lies_about_its_size_is_cut_off():
    content = bytearray(zipped({"a/1.png": bytes(20_000_000)}))
    place = content.rindex(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 1000)  # the unpacked size in the directory
    came = finished(unzipped(bytes(content)))
    assert not came.pictures and len(came.refused) == 1


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"nothing", zipped({})[:10]])
def test_what_is_no_zip_gets_one_sentence(content: bytes):
    with pytest.raises(Refused, match="not a zip"):
        finished(unzipped(content))


def test_too_many_pictures_and_classes_are_named():
    album = Album()
    for number in range(20):
        album = album.added(f"class {number}", [sketches.sketch("cat", 0)])
    with pytest.raises(ValueError, match="At most 20 classes"):
        album.added("one more", [])
    with pytest.raises(ValueError, match="1,000 pictures"):
        album.added("class 0", [sketches.sketch("cat", 0)] * 981)


def test_names_are_one_line_of_text():
    assert tidy("  <b>a\n\tb\x00c\u202e " + "x" * 300).startswith("<b>a b c")
    assert len(tidy("y" * 300)) == 40
    assert Album().added("cat", []).renamed(0, "\n\n").names == ("cat",)


def test_the_shelf_keeps_what_it_has_when_something_fails():
    own = Shelf()
    own.receive([File("1.png", GOOD)], "cat")
    own.receive([File("2.jpg", b"text")], "cat")
    assert own.album.counts == (1,) and "not a picture" in own.told[0]
    own.receive_zip(b"nothing")
    assert own.waiting is not None
    own.take(None)  # the job failed
    assert own.album.counts == (1,) and own.waiting is None
    own.rename(0, "dog")
    assert own.album.names == ("dog",)
    own.drop([0])
    assert own.album.counts == (0,)
    own.remove(0)
    assert own.album.names == () and Arrived().told == ()


# Doubts


def test_the_planted_mistakes_are_all_named_and_nothing_else_is():
    found = {doubt.name: doubt for doubt in doubts.doubts(trained(sketches.flawed()))}
    album = sketches.flawed()
    named = {name: {album.called(place) for place in doubt.places} for name, doubt in found.items()}
    assert named["Near-duplicates"] == {"boat 3", "boat 13", "house 4", "house 13", "house 8", "house 14"}
    assert "fish 13" in named["Perhaps filed wrongly"]  # the cat among the fish
    assert named["Blur"] == {"flower 13", "flower 14"}
    assert {"Imbalance", "Few pictures"} <= set(found)
    clean = {doubt.name for doubt in doubts.doubts(trained(sketches.clean()))}
    assert not clean & {"Near-duplicates", "Blur", "Imbalance", "Few pictures"}


def test_the_flawed_sketches_can_be_mended():
    own = Shelf()
    own.begin_with_sketches()
    album = own.album
    goal = views.own_classes(album, trained(album), False)
    assert not goal.passed and "near-duplicates" in goal.now
    named = {album.called(place): place for place in range(len(album.pictures))}
    own.drop([named[name] for name in ("boat 13", "house 13", "house 14", "fish 13", "flower 13", "flower 14")])
    assert views.own_classes(own.album, trained(own.album), False).passed
    assert not views.own_classes(own.album, trained(own.album), True).passed


def test_one_picture_in_two_classes_is_named():
    album = sketches.clean()
    album = album.added("fish", [sketches.nearly(sketches.sketch("cat", 2), "again.jpg")])
    names = [doubt.name for doubt in doubts.doubts(trained(album))]
    assert "One picture in two classes" in names


def test_classes_that_nobody_can_tell_apart_look_alike():
    """One class filed as two at random."""
    album = sketches.clean()
    labels = tuple(6 if label == 0 and place % 2 else label for place, label in enumerate(album.labels))
    split = replace(album, names=(*album.names, "ship"), labels=labels)
    found = [doubt for doubt in doubts.doubts(trained(split)) if doubt.name == "Two classes look alike"]
    assert found and "boat and ship" in found[0].sentence


def test_familiarity_is_the_mean_cosine_to_three_neighbours(seed: int):
    draw = torch.Generator().manual_seed(seed)
    known = functional.normalize(torch.randn(7, 5, generator=draw), dim=1)
    rows = functional.normalize(torch.randn(4, 5, generator=draw), dim=1)
    brute = [np.mean(sorted((float(row @ one) for one in known), reverse=True)[:3]) for row in rows]
    assert np.allclose(familiar(rows, known), brute, atol=1e-6)


def test_the_threshold_costs_what_it_says():
    study = trained(sketches.clean(), Settings(seed=3)).study
    training = study.familiarity[~study.held_out]
    for cost in (0.0, 0.1, 0.3):
        refused = (training < study.threshold(cost)).float().mean().item()
        assert abs(refused - cost) <= 1 / len(training)
        assert strangers.measured(trained(sketches.clean(), Settings(seed=3)), cost).threshold == study.threshold(cost)
