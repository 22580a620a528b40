"""Live drives as browsers get them: the seat and its line, the WebSocket, hostile messages, the page in a browser."""

import base64
import json
import time

import cv2
import numpy as np
import pytest
from browser import until
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.jobs import BusyError, Pool
from core.projects.driving import live, meanwhile, school, service
from core.projects.driving import seat as seats
from core.projects.driving.disturb import Disturbance
from core.projects.driving.evaluate import result
from core.projects.driving.hands import TOP, Hands
from core.projects.driving.live import Order
from core.projects.driving.screen import expert_lap, jpeg, picture, pixels
from core.projects.driving.seat import SEATS, Seat
from core.projects.driving.simulator import FastRacing

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Using `httpx`"),
]


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    """Simulators of this test's own: one at a time, one visitor in line."""
    alone = Pool(places=1, line=1, each=1, here=True)
    monkeypatch.setattr(seats, "POOL", alone)
    monkeypatch.setattr(service, "POOL", alone)
    return alone


class Screen:
    """Takes the messages of a drive as a browser does, and says what it has shown."""

    def __init__(self) -> None:
        self.told, self.frames = {}, []

    def __call__(self, message: bytes | dict) -> None:
        if isinstance(message, dict):
            self.told |= message
        else:
            size = int.from_bytes(message[:4], "little")
            self.frames.append(json.loads(message[4 : 4 + size]))


# The seat


def test_a_drive_waits_for_its_screen_and_goes_on(pool, seed):
    seat, screen = Seat(), Screen()
    seat.begin(Order(seed), screen)
    until(lambda: len(screen.frames) == live.AHEAD + 2)  # the frame that is one too far ahead
    time.sleep(0.5)
    assert len(screen.frames) == live.AHEAD + 2  # and no more
    seat.live.heard({"shown": 30})
    until(lambda: len(screen.frames) > 50)
    assert screen.told["expert"] == expert_lap(seed).scores
    assert [one["step"] for one in screen.frames] == list(range(len(screen.frames)))
    seat.close()


def test_one_drives_one_waits_and_the_third_gets_a_sentence(pool, seed):
    first, second, third = Seat(), Seat(), Seat()
    first.begin(Order(seed), screen := Screen())
    until(lambda: screen.frames)
    first.live.heard({"shown": 100})
    second.begin(Order(seed), later := Screen())
    assert "number 1 in line" in second.waiting and not later.frames
    until(lambda: "about" in second.waiting or "more than" in second.waiting)  # once the first has come a little way
    with pytest.raises(BusyError, match="All 1 simulators are in use and 1 people wait"):
        third.begin(Order(seed), Screen())
    first.close()  # the tab is closed
    until(lambda: later.frames)
    assert second.waiting == ""
    second.close()
    until(lambda: pool.running == 0)
    assert first.token not in SEATS and second.token not in SEATS


def test_a_screen_that_is_gone_gives_the_simulator_back(pool, seed, monkeypatch):
    monkeypatch.setattr(live, "PATIENCE", 0.3)
    seat, screen = Seat(), Screen()
    seat.begin(Order(seed), screen)
    until(lambda: pool.running == 0)
    assert "given back" in screen.told["end"]


def test_disturbances_change_while_it_drives(pool, seed):
    seat, screen = Seat(), Screen()
    seat.begin(Order(seed), screen)
    until(lambda: screen.frames)
    seat.live.heard({"disturb": {"dark": 0.9}, "push": -20, "shown": 40})
    until(lambda: len(screen.frames) > 40)
    assert screen.frames[0]["parts"][2] == 0 < screen.frames[-1]["parts"][2]  # what the driver gets is sent apart
    seat.close()


def test_a_push_moves_the_car(seed):
    def places(push: float) -> list:
        drive, screen = live.Live(Order(seed), Hands(), Screen()), []
        drive.tell = lambda message: screen.append(message) if isinstance(message, bytes) else None
        drive.shown = 1000
        for _, _ in zip(drive.run(), range(6), strict=False):
            drive.push, push = push, 0.0
        return [json.loads(one[4 : 4 + int.from_bytes(one[:4], "little")])["place"] for one in screen]

    assert not np.allclose(places(0.0)[-1][:2], places(15.0)[-1][:2], atol=0.2)


def test_hands_hold_the_road(seed):
    simulator, hands = FastRacing(pixels=False), Hands()
    simulator.reset(seed=seed)
    hands.want([0, 1, 0])
    for _ in range(200):
        simulator.step(action := hands(None, simulator))
        assert simulator.action_space.contains(action)
        if sum(not wheel.tiles for wheel in simulator.car.wheels) > 2:
            break
    assert np.hypot(*simulator.car.hull.linearVelocity) < TOP + 5
    hands.want([1, 0, 0])
    turns = [hands(None, simulator)[0] for _ in range(30)]
    assert turns == sorted(turns) and turns[0] < 0.05 and turns[-1] > 0.3


# What screens may say


@pytest.mark.parametrize(
    "order",
    [
        {"seed": -1}, {"seed": 1e9}, {"seed": "seven"}, {}, {"seed": 10**40}, {"seed": 1, "driver": "ghost"},
        {"seed": 1, "driver": ["cnn"]}, {"seed": 1, "dark": 7}, {"seed": 1, "drop": "half"}, {"seed": 1, "blur": None},
        {"seed": 1, "colours": "<script>"}, {"seed": 1, "teacher": "ghost"}, {"seed": 1, "driver": "student"},
    ],
)  # fmt: skip
def test_orders_that_cannot_be_get_a_sentence(pool, order):
    seat = Seat()
    with pytest.raises(ValueError) as told:
        seat.begin(Order.read(order), Screen())
    assert 10 < len(str(told.value)) < 200 and pool.running == 0


@pytest.mark.parametrize(
    "message",
    [
        {"push": "hard"}, {"push": 1e9}, {"push": float("nan")}, {"push": True}, {"hands": [1, 2]}, {"hands": "left"},
        {"hands": [float("inf"), 0, 0]}, {"disturb": {"dark": -1}}, {"disturb": {"blur": [1]}},
    ],
)  # fmt: skip
def test_words_that_cannot_be_get_a_sentence(message):
    with pytest.raises(ValueError):
        live.Live(Order(1), Hands(), Screen()).heard(message)


@pytest.fixture
def client(pool) -> TestClient:
    return TestClient(Starlette(routes=service.routes()))


def test_the_socket_drives_and_a_closed_one_frees_the_simulator(client, pool, seed):
    seat = Seat()
    with client.websocket_connect(f"/api/driving/live?seat={seat.token}") as socket:
        socket.send_text(json.dumps({"start": {"seed": seed, "number": 3}}))
        assert json.loads(socket.receive_text())["begin"]["driver"] == "cnn"
        message = socket.receive_bytes()
        size = int.from_bytes(message[:4], "little")
        told = json.loads(message[4 : 4 + size])
        assert told["drive"] == 3 and sum(told["parts"]) == len(message) - 4 - size
        assert pixels(message[4 + size :][: told["parts"][0]]).shape == (320, 400, 3)
        assert client.get("/api/driving").json() == {"driving": 1, "waiting": 0, "places": 1}
    until(lambda: pool.running == 0)
    seat.close()


def test_a_drive_that_breaks_off_says_so(client, pool, seed, monkeypatch):
    def broken(simulator):
        raise RuntimeError("no picture")

    monkeypatch.setattr(live, "picture", broken)
    seat = Seat()
    with client.websocket_connect(f"/api/driving/live?seat={seat.token}") as socket:
        socket.send_text(json.dumps({"start": {"seed": seed}}))
        assert "begin" in json.loads(socket.receive_text())
        assert "no picture" in json.loads(socket.receive_text())["error"]
    assert pool.running == 0


@pytest.mark.parametrize("text", ["", "[]", "7", "{", '{"start": 1}', "[" * 3000, "x" * 100_000, '{"start": {}}'])
def test_the_socket_answers_nonsense_with_a_sentence_and_lives(client, text):
    seat = Seat()
    with client.websocket_connect(f"/api/driving/live?seat={seat.token}") as socket:
        socket.send_text(text)
        assert json.loads(socket.receive_text())["error"].endswith(".")
        socket.send_text('{"start": {"seed": -5}}')
        assert "track seed" in json.loads(socket.receive_text())["error"]


def test_who_waits_is_told_the_place_at_once_and_has_a_recorded_lap_to_watch(client, pool, seed):
    first, second = Seat(), Seat()
    first.begin(Order(seed), screen := Screen())
    until(lambda: screen.frames)
    with client.websocket_connect(f"/api/driving/live?seat={second.token}") as socket:
        for number in range(2):  # a second order waits like the first, and says so again
            socket.send_text(json.dumps({"start": {"seed": seed, "number": number}}))
            told = json.loads(socket.receive_text())
            assert "you are number 1 in line" in told["waiting"]
            if not number:
                lap = json.loads(socket.receive_text())
        assert base64.b64decode(lap["meanwhile"]).startswith(b"\x1aE\xdf\xa3") and "recorded" in lap["caption"]
    first.close()
    second.close()


def test_the_recorded_lap_is_the_shipped_network_s(tmp_path):
    facts = json.loads(meanwhile.FACTS.read_text())
    one = result("cnn", facts["seed"], fast=True)
    assert facts["weights"] == meanwhile.weights()
    assert (facts["points"], facts["steps"]) == (one.score, one.steps)
    video = cv2.VideoCapture(str(meanwhile.FILM))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == -(-facts["steps"] // live.EVERY)
    video.release()


def test_a_stranger_gets_no_seat(client):
    with client.websocket_connect("/api/driving/live?seat=guess") as socket:
        assert "reload" in json.loads(socket.receive_text())["error"]


def test_the_drive_is_handed_over_as_a_video(pool, client, seed, tmp_path):
    seat = Seat()
    with client.websocket_connect(f"/api/driving/live?seat={seat.token}") as socket:
        socket.send_text(json.dumps({"start": {"seed": seed}}))
        until(lambda: seat.live and len(seat.live.pictures) > 12)
        socket.send_text('{"film": true}')
        shares, told = [], {}
        while "film" not in told:
            text = socket.receive().get("text")
            told = json.loads(text) if text else {}
            shares += [told["filming"]] if "filming" in told else []
        film = socket.receive_bytes()
    assert shares == sorted(shares) and shares[0] == 0 and len(shares) > 5  # said at once, and how far it is
    path = tmp_path / "drive.webm"
    path.write_bytes(film)
    video = cv2.VideoCapture(str(path))
    assert video.get(cv2.CAP_PROP_FRAME_WIDTH) == 400 and video.read()[0]
    video.release()
    seat.close()


def test_the_sharp_picture_shows_what_the_frame_shows(seed):
    simulator = FastRacing()
    frame, _ = simulator.reset(seed=seed)
    for _ in range(60):
        frame, *_ = simulator.step(np.array([0.0, 0.3, 0.0], np.float32))
    sharp = cv2.resize(picture(simulator).astype(np.float32), (96, 96), interpolation=cv2.INTER_AREA)
    apart, swapped = (np.abs(one - frame).mean() for one in (sharp, sharp[:, :, ::-1]))  # grass looks alike in both
    assert apart < 3 and apart < 0.8 * swapped


def test_pictures_survive_packing(seed):
    picture = np.full((320, 400, 3), np.random.default_rng(seed).integers(0, 256, 3), np.uint8)
    assert np.abs(pixels(jpeg(picture)).astype(int) - picture).max() < 12


# The school


def test_the_expert_teaches_while_the_clone_drives(pool, seed, monkeypatch):
    monkeypatch.setattr(school, "UPDATES", 12)
    monkeypatch.setattr(school, "STEPS", 60)
    seat, screen = Seat(), Screen()
    with pytest.raises(ValueError, match="record at least"):
        list(seat.school.clone())
    seat.begin(Order(seed, "expert", teacher="expert"), screen)
    seat.live.heard({"shown": 900})
    until(lambda: len(seat.school) > 150)
    seat.end()
    until(lambda: pool.running == 0)
    list(seat.school.clone(0, seed))
    (first,), before = seat.school.rounds, len(seat.school)
    assert first.number == 1 and first.frames == before and first.steps == 60 and not first.finished
    seat.begin(Order(seed + 1, "student", teacher="expert"), screen := Screen())
    until(lambda: len(seat.school) > before + 10)
    assert screen.frames[-1]["lessons"] > before
    seat.close()


def test_a_person_teaches_only_while_they_hold_the_wheel(pool, seed):
    seat, screen = Seat(), Screen()
    seat.begin(Order(seed, "you", teacher="you"), screen)
    until(lambda: len(screen.frames) > live.CLOSE)
    assert len(seat.school) == 0  # no key is held
    seat.live.heard({"hands": [0.5, 1, 0], "shown": 30})
    until(lambda: len(seat.school) > 10)
    assert seat.school.answers[-1][0] > 0 and seat.school.views[-1].shape == (3, 48, 48)
    seat.school.forget()
    assert len(seat.school) == 0 and seat.live.order.disturbance == Disturbance()
    seat.close()
