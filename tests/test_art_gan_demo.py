"""The painter's demo as a Space and for programs."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from demos_under_test import pinned, started

from core.projects.art import screen
from demos import spaces
from demos.space_checks import faults

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio_client", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return spaces.assemble("art_gan", tmp_path_factory.mktemp("art") / "space")


@pytest.fixture(scope="module")
def demo(space: Path) -> Iterator[str]:
    """The Space as the platform starts it: its own folder, nothing of the project beside it."""
    with started(sys.executable, space, "app.py") as address:
        yield address


def test_the_space_is_complete_and_small(space: Path) -> None:
    assert faults(space) == [] and pinned("art_gan")
    assert (space / "assets" / "art" / "weights.safetensors").is_file()
    assert not (space / "core" / "training").exists() and not (space / "pages").exists()
    assert sum(path.stat().st_size for path in space.rglob("*")) < 10_000_000


def test_programs_are_answered(demo: str, seed: int) -> None:
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    client = Client(demo, verbose=False)
    told = client.predict("apple", "plum", 0.3, 0.8, seed, api_name="/paint")
    assert len(told["mean_colours"]) == len(told["nearest"]) == 12 and told["mix"] == {"apple": 0.7, "plum": 0.3}
    film, files, sentence = client.predict("apple", "pear", 2, 8, seed, api_name="/film")
    assert Path(film).read_bytes()[:4] == b"GIF8" and len(files) == 2 and "16 frames" in sentence
    picture, where = client.predict("apple", "lemon", seed, "0.25,0.5", api_name="/place")
    assert Path(picture).is_file() and where.startswith("0.25 across")
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert set(named) == {"/paint", "/film", "/place"}
    with pytest.raises(AppError):
        client.predict("apple", "plum", 0.3, 0.8, -1, api_name="/paint")


@pytest.mark.parametrize("seed", [-1, None, 1e300, float("nan"), "7", 0.5, True, [1]])
def test_hostile_seeds_get_one_sentence(seed: object) -> None:
    said = [
        screen.gallery("apple", "plum", 0.5, 1.0, seed)[2],
        screen.place("apple", "plum", seed, "0.5,0.5")[1],
        screen.film("apple", "plum", 3, 8, seed)[2],
        screen.pair(seed, "")[1],
        screen.described("apple", "plum", 0.5, 1.0, seed)["error"],
    ]
    assert all(one == f"The seed is a whole number from 0 to {screen.LARGEST:,}." for one in said)


@pytest.mark.parametrize("spot", ["", "0.5", "a,b", "nan,0", "2,0", "0,-1", None, 7, "0," + "1" * 99])
def test_places_that_are_none_get_one_sentence(spot: object) -> None:
    picture, sentence = screen.place("apple", "plum", 0, spot)
    assert picture is None and sentence.endswith(".") and len(sentence) < 100


def test_other_groups_and_shares_get_one_sentence() -> None:
    assert "A fruit is one of" in screen.gallery("ghost", "plum", 0.5, 1, 0)[2]
    assert "The share" in screen.gallery("apple", "plum", float("nan"), 1, 0)[2]
    assert "Truncation" in screen.gallery("apple", "plum", 0.5, 99, 0)[2]
    assert "stops" in screen.film("apple", "plum", 99, 8, 0)[2]


def test_a_game_is_played_to_its_end() -> None:
    shown, told = screen.pair(3, "")
    assert len(shown) == 2 and "Round 1 of 10" in told
    shown, told = screen.pair(3, "l" * 10)
    assert shown == [] and "of 10 right" in told and "Another seed" in told
