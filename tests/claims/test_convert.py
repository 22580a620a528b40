"""What the page “Conversion” states, on fresh seeds: files that say the same, runtimes in the browser, budgets."""

import gzip
import json
import subprocess

import numpy as np
import pytest
import torch
from browser import hub, looking, served
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.testclient import TestClient
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from core.deployment import browser, costs
from core.deployment.onnx_files import opened
from core.deployment.onnx_sessions import session
from core.deployment.onnx_writer import written
from core.deployment.subjects import mixed_digits, of_picture
from core.deployment.tfjs_writer import layers_model
from core.jobs import extras
from core.jobs.apart import ROOT, commanded
from core.lessons.controls import defaults
from core.lessons.record import finished
from core.models import MLP
from core.models.digits import DigitNetwork, recognizer
from core.serving import files
from core.topics.convert import device_view, elsewhere, files_view, page_view
from core.topics.convert.device_view import DEVICES, DEVICES_VIEW
from core.topics.convert.files_view import FILES, recorded


def replayed(text: str, content: bytes, x: torch.Tensor) -> torch.Tensor:
    """What a TensorFlow.js layers model answers, layer by layer from its own files: x (batch, 28, 28, 1)."""
    model = json.loads(text)
    weights, place = {}, 0
    for one in model["weightsManifest"][0]["weights"]:
        count = int(np.prod(one["shape"]))
        weights[one["name"]] = torch.frombuffer(bytearray(content), dtype=torch.float32, offset=4 * place,
                                                count=count).reshape(one["shape"])  # fmt: skip
        place += count
    assert 4 * place == len(content)
    for layer in model["modelTopology"]["config"]["layers"]:
        kind, name, config = layer["class_name"], layer["config"]["name"], layer["config"]
        if kind == "Conv2D":
            kernel = weights[f"{name}/kernel"].permute(3, 2, 0, 1)
            x = functional.conv2d(x.permute(0, 3, 1, 2), kernel, weights[f"{name}/bias"], padding="same")
            x = x.relu().permute(0, 2, 3, 1)
        elif kind == "MaxPooling2D":
            x = functional.max_pool2d(x.permute(0, 3, 1, 2), config["pool_size"]).permute(0, 2, 3, 1)
        elif kind == "GlobalAveragePooling2D":
            x = x.mean(dim=(1, 2))
        else:
            x = x @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]
    return x


def small(seed: int) -> DigitNetwork:
    """An untrained network whose batch norms have seen something."""
    model = DigitNetwork(4, 6, 8, seed=seed)
    model(torch.rand(16, 1, 28, 28, generator=torch.Generator().manual_seed(seed)))
    return model.eval()


@torch.no_grad()
def test_the_tensorflow_js_file_is_the_network(seeds):
    for model in (recognizer()[0], *map(small, seeds[:3])):
        x = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(seeds[0]))
        text, content = layers_model(model)
        assert torch.allclose(replayed(text, content, x.permute(0, 2, 3, 1)), model(x), atol=1e-4)
        answers = session(written(model)).run(None, {"x": x.numpy()})[0]
        assert np.abs(answers - model(x).numpy()).max() < 1e-4


@torch.no_grad()
def test_the_row_of_layers_for_core_ml_is_the_network(seed):
    x = elsewhere.tried()[:20]
    assert (elsewhere.as_sequential(recognizer()[0])(x) - recognizer()[0](x)).abs().max() < 1e-4
    assert torch.allclose(elsewhere.as_sequential(small(seed))(x), small(seed)(x), atol=1e-4)


def test_what_a_browser_fetches_is_served_packed_and_kept():
    client = TestClient(Starlette(routes=files.routes((files.PLOTLY, *browser.ALL))))
    for part in browser.ALL:
        reply = client.get("/" + part.address)
        assert reply.status_code == 200 and "immutable" in reply.headers["Cache-Control"], part.address
    wasm = client.get("/" + browser.ORT_WASM.address)
    assert wasm.headers["Content-Type"] == "application/wasm" and wasm.headers["Content-Encoding"] == "gzip"
    assert wasm.content[:4] == b"\0asm" and wasm.content == gzip.decompress(browser.ORT_WASM.path.read_bytes())
    plain = client.get("/" + browser.ORT_WASM.address, headers={"Accept-Encoding": "identity"})
    assert plain.content == wasm.content and "Content-Encoding" not in plain.headers
    assert client.get("/" + browser.ONNX.address).content == written(recognizer()[0])
    sizes = browser.fetched()
    assert sizes["ONNX Runtime Web"] > 3 * sizes["TensorFlow.js"] > 3e6


def test_both_runtimes_in_the_page_answer_as_the_server_does():
    with served(*hub()) as url, looking(touch=True) as (page, watch):
        page.goto(f"{url}/convert")
        page.get_by_role("button", name="Just show me").first.click()
        page.wait_for_function("document.querySelector('.rl-runtimes')?.dataset.done", timeout=120_000)
        rows = page.locator(".rl-runtimes tbody tr")
        expect(rows).to_have_count(3)
        cells = [row.locator("td").all_inner_texts() for row in rows.all()]
        assert [each[0] for each in cells] == ["3"] * 3 and all(float(each[1]) < 1e-4 for each in cells[1:]), cells
        first = page.locator(".rl-runtimes").get_attribute("data-done")
        page.locator(".pad canvas").click(position={"x": 60, "y": 60})  # a stroke of one point
        page.wait_for_function(f"!['', '{first}'].includes(document.querySelector('.rl-runtimes').dataset.done)",
                               timeout=120_000)  # fmt: skip
        watch.clean()


def test_what_a_browser_reports_is_believed_only_where_it_is_a_report():
    unsure = next(
        found
        for found in (page_view.answered(of_picture(digit[0] * 0.5 + other[0] * 0.5)) for digit, other in
                      zip(mixed_digits()[:200], mixed_digits()[7:207], strict=True))
        if found.chances.max() < page_view.UNSURE
    )  # fmt: skip
    good = {name: {"difference": 1e-6} for name in (page_view.WEB, page_view.TF)}
    assert page_view.agreed(unsure, {"id": unsure.id, "runtimes": good}).passed
    apart = good | {page_view.TF: {"difference": 0.1}}
    hostile = [None, 3, [], {}, {"id": unsure.id}, {"id": unsure.id, "runtimes": 7}, {"id": "x", "runtimes": good},
               {"id": unsure.id, "runtimes": {page_view.WEB: {"difference": "0"}, page_view.TF: []}},
               {"id": unsure.id, "runtimes": {name: {"difference": float("nan")} for name in good}},
               {"id": unsure.id, "runtimes": apart}]  # fmt: skip
    assert not any(page_view.agreed(unsure, each).passed for each in hostile)
    sure = page_view.answered(of_picture(mixed_digits()[3, 0]))
    assert not page_view.agreed(sure, {"id": sure.id, "runtimes": good}).passed


def test_converted_files_agree_with_torch():
    rows = recorded()
    assert rows[elsewhere.LITE]["difference"] < 1e-4 and rows[elsewhere.CORE_ML]["weights apart"] < 1e-6
    assert rows[elsewhere.LITE]["same"] == rows[elsewhere.LITE_INT8]["same"] == 1
    assert 3.5 < rows[elsewhere.LITE]["bytes"] / rows[elsewhere.LITE_INT8]["bytes"] < 4
    found = FILES.measure(seed=0)
    assert found.rows[files_view.ONNX_FILE]["difference"] < 1e-4 and found.rows[files_view.ONNX_FILE]["same"] == 1
    for name in files_view.NAMES:
        assert FILES.draw(found, file=name).tables and files_view.light(found, name).passed == (
            name == elsewhere.LITE_INT8
        )
    assert FILES.question(found, file="ONNX").truth == "none"


def test_a_missing_tool_is_named_with_the_command_that_brings_it(monkeypatch):
    monkeypatch.setattr(files_view, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"coremltools, tensorflow\. pip install -r requirements-convert\.txt"):
        next(files_view.converting())
    assert "not installed here" in FILES.draw(FILES.measure(seed=0), file="ONNX").note


def test_the_record_names_the_versions_that_the_requirements_pin():
    from core.topics.convert.record import TOOLS

    text = (ROOT / "requirements-convert.txt").read_text(encoding="utf-8")
    assert all(f"{name}=={version}" in text for name, version in TOOLS.items())


@pytest.mark.long
def test_the_pinned_tools_make_the_recorded_files(tmp_path):
    """In an environment of their own, from requirements-convert.txt: versions, sizes, operators and agreement. Its
    TensorFlow wants an older h5py than the hub has."""
    from core.topics.convert.record import RECORD, TOOLS, in_millionths

    python = extras.make(ROOT / "requirements-convert.txt", tmp_path / "convert", beside=False)
    code = f"import json; from importlib.metadata import version; print(json.dumps([*map(version, {list(TOOLS)})]))"
    said = subprocess.check_output([python, "-c", code], text=True)
    assert json.loads(said) == list(TOOLS.values())
    measured: dict = {}
    for part in elsewhere.PARTS:
        command = [str(python), "-m", "core.topics.convert.elsewhere", part]
        measured |= in_millionths(finished(commanded(command, ROOT, part)))
    for name, row in RECORD.contents.items():
        for kind in {"bytes", "operators", "same"} & set(row) & set(measured[name]):
            assert measured[name][kind] == row[kind], (name, kind)
        for kind in {"difference", "weights apart"} & set(row):
            assert measured[name][kind] == pytest.approx(row[kind], rel=0.2, abs=20), (name, kind)


def test_costs_are_what_torch_counts_and_what_can_be_counted_by_hand(seed):
    model = small(seed)
    file = opened(written(model, side=56))
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 1, 56, 56))
    assert 2 * sum(costs.multiply_adds(file, each) for each in file.operators) == counter.get_total_flops()
    plain = opened(written(MLP(2, 5, 3)))
    assert costs.moved(plain, plain.operators[0]) == 4 * (2 + 5 * 2 + 5 + 5)
    assert costs.memory(plain) == 4 * (5 * 2 + 5 + 3 * 5 + 3 + 10)


def test_a_roofline_is_the_longer_of_arithmetic_and_bytes():
    machine = costs.Machine(10.0, 2.0, 1.0, "a sheet")
    assert machine.seconds(5e9, 1) == pytest.approx(1) and machine.seconds(1, 2e9) == pytest.approx(1)
    here = costs.this_machine()
    assert here.peak > 1 and here.bandwidth > 0.5


def test_estimates_follow_the_data_sheets(seed):
    found = device_view.measure(56, 0.5, seed)
    assert all(0 < share <= 1 for share in found.efficiency) and len(found.work) == len(found.seconds) == 16
    times = [found.on(device) for device in DEVICES.values()]
    assert times == sorted(times, reverse=True)  # each device of the list beats the one before in both numbers
    double = costs.Machine(2 * 48.0, 2 * 12.8, 4.0, "")
    assert found.on(double) == pytest.approx(found.on(DEVICES["Raspberry Pi 4"]) / 2)
    looks = defaults(DEVICES_VIEW.look)
    assert not DEVICES_VIEW.goal(found, **looks).passed
    assert "enough for 1" in device_view.fits(0.5, 1) and "too few" in device_view.fits(0.5, 30)
    own = looks | {"device": device_view.OWN, "peak": 48, "bandwidth": 13}
    assert device_view.OWN in str(DEVICES_VIEW.draw(found, **own).tables)


def test_a_quarter_of_the_width_reads_a_camera_on_a_board(seed):
    """A sixteenth of the multiply-adds."""
    full, quarter = (opened(written(DigitNetwork(*widths), side=224)) for widths in ((24, 48, 128), (6, 12, 32)))
    work = [sum(costs.multiply_adds(file, each) for each in file.operators) for file in (full, quarter)]
    assert 14 < work[0] / work[1] < 16.1
    assert device_view.thirty(device_view.measure(224, 0.25, seed), **defaults(DEVICES_VIEW.look)).text


def test_one_s_own_numbers_are_no_device_by_that_name(seed):
    found, looks = device_view.measure(28, 0.25, seed), defaults(DEVICES_VIEW.look)
    for device in (*DEVICES, device_view.OWN):
        named = "a device with your own numbers" if device == device_view.OWN else f"the {device}"
        asked = DEVICES_VIEW.question(found, **looks | {"device": device})
        note = DEVICES_VIEW.draw(found, **looks | {"device": device}).note
        assert f"does {named} read" in asked.text and f"{named} takes" in note
        assert ("too few for" in note.partition("takes")[2]) == (asked.truth == "no")
