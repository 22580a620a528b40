"""What the page “ONNX” states, on fresh seeds: files that answer like torch, traps that are traps, strangers' files."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from core.deployment.costs import multiply_adds
from core.deployment.onnx_files import MOST_OPERATORS, Refused, opened
from core.deployment.onnx_sessions import profiled, session, values
from core.deployment.onnx_writer import as_numpy, folded, written
from core.deployment.subjects import Playground, mixed_digits, of_picture
from core.lessons.controls import defaults
from core.lessons.record import finished
from core.models import ACTIVATIONS, MLP
from core.models.digits import recognizer
from core.topics.onnx import agreement_view, batch_view, graph_view, time_view, traps_view
from core.topics.onnx.examples import branching
from core.topics.onnx.traps import TRAPS, modules, tried_today
from core.topics.onnx.views import EXAMPLE, OF_NETWORKS, OWN, TRAPS_VIEW

pytestmark = pytest.mark.usefixtures("compilation")
VERDICTS = {  # of the tracer, and of today's exporter
    "branch on the data": ("wrong", "refused"), "in-place on a view": ("wrong", "right"),
    "a number read out": ("wrong", "right"), "a loop of unknown length": ("wrong", "refused"),
    "no such operator": ("refused", "refused"), "left in training mode": ("right", "wrong"),
}  # fmt: skip


def digits(place: int = 3):
    return of_picture(mixed_digits()[place, 0])


def test_every_file_answers_like_torch(seeds):
    for seed in seeds[:6]:
        draw = np.random.default_rng(seed)
        for activation in ACTIVATIONS:
            widths = [2, *draw.integers(1, 20, draw.integers(0, 5)).tolist(), 3]
            model = MLP(*widths, activation=activation, seed=seed).eval()
            x = torch.randn(40, 2, generator=torch.Generator().manual_seed(seed))
            answers = session(written(model)).run(None, {"x": x.numpy()})[0]
            assert np.abs(answers - model(x).detach().numpy()).max() < 1e-5


def test_trained_networks_differ_from_torch_by_rounding_and_more_only_where_numbers_are_large(seeds):
    for seed in seeds[:3]:
        subject = Playground(seed=seed)
        assert agreement_view.measure(subject, 1, 0).largest < 1e-4
        for activation in ("ReLU", "GELU"):  # on some processors these agree to the bit
            assert agreement_view.measure(Playground(activation=activation, seed=seed), 10000, 0).relative < 1e-5
    assert agreement_view.measure(digits(), 1, 0).largest < 1e-4
    large = agreement_view.measure(digits(), 10000, 0)
    assert large.largest > 1e-4 and large.relative < 1e-5 and agreement_view.stretched(large).passed


def test_a_batch_norm_folds_into_its_convolution(seed):
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        convolution, norm = torch.nn.Conv2d(3, 5, 3, bias=False), torch.nn.BatchNorm2d(5)
        for tensor in (norm.weight, norm.bias, norm.running_mean):
            tensor.normal_()
        norm.running_var.uniform_(0.1, 3)
        x = torch.randn(2, 3, 9, 9)
    weight, bias = folded(convolution, norm)
    assert torch.allclose(norm.eval()(convolution(x)), torch.nn.functional.conv2d(x, weight, bias), atol=1e-4)


def test_the_hand_written_file_is_the_exporters_operator_by_operator(seed):
    """torch.onnx.export of networks with every activation, and of the digits network."""
    model = MLP(2, 5, 4, 3, 4, 3, 2, activation=list(OTHERS), seed=seed).eval()
    for network, example in ((model, torch.zeros(2, 2)), (recognizer()[0], torch.zeros(2, 1, 28, 28))):
        batch = ({0: torch.export.Dim("batch")},)
        theirs = torch.onnx.export(network, (example,), dynamic_shapes=batch, dynamo=True, verbose=False).model_proto
        ours = onnx.load_model_from_string(written(network))
        assert [each.op_type for each in theirs.graph.node] == [each.op_type for each in ours.graph.node]
        weights = [
            {each.name.replace("weight_bias", "bias"): numpy_helper.to_array(each) for each in one.graph.initializer}
            for one in (theirs, ours)
        ]
        for name, value in weights[1].items():
            if "axes" not in name:
                assert np.allclose(weights[0][name], value, atol=1e-5), name
        assert ours.opset_import[0].version == theirs.opset_import[0].version


OTHERS = tuple(name for name in ACTIVATIONS if name != "linear")


def test_values_in_between_are_the_layers_own(seed):
    subject = Playground(seed=seed, hidden_layers=3)
    found = graph_view.measure(subject, 0)
    layers = subject.model.layers(subject.example)
    for place, layer in enumerate(layers):
        name = found.file.operators[min(2 * place + 1, len(found.names) - 1)].outputs[0]
        assert np.allclose(found.values[name], layer.detach().numpy(), atol=1e-5)
    assert np.allclose(values(written(recognizer()[0]), {"x": as_numpy(digits().example)})["relu_1"],
                       recognizer()[0].maps(digits().example)[0].detach().numpy(), atol=1e-4)  # fmt: skip


def test_shapes_are_inferred_with_an_open_batch():
    file = opened(written(recognizer()[0]))
    assert file.shapes["conv_0"] == ("batch", 24, 28, 28) and file.shapes["y"] == ("batch", 11)
    assert file.shape("reducemean_14") == "batch × 128" and len(file.operators) == 16


def test_onnx_runtime_fuses_activations_but_not_gelu(seed):
    for activation in ("tanh", "ReLU", "sigmoid", "LeakyReLU"):
        found = time_view.measure(Playground(activation=activation, seed=seed), 4, 0)
        assert [each.kind for each in found.fused] == ["FusedGemm", "FusedGemm", "Gemm"], activation
    assert time_view.unfused(time_view.measure(Playground(activation="GELU", seed=seed), 1, 0)).passed
    assert not time_view.unfused(time_view.measure(Playground(activation="linear", seed=seed), 1, 0)).passed


def test_work_is_what_torch_counts(seed):
    from torch.utils.flop_counter import FlopCounterMode

    for subject in (Playground(seed=seed, hidden_layers=3), digits()):
        file, x = opened(written(subject.model)), subject.samples[:4]
        with FlopCounterMode(display=False) as counter:
            subject.model(x)
        ours = sum(multiply_adds(file, each, 4) for each in file.operators)
        assert 2 * ours == counter.get_total_flops()


def test_the_profiler_times_every_run_of_every_operator():
    kernels = profiled(written(recognizer()[0]), {"x": as_numpy(digits().example)}, 10, False)
    assert [each.kind for each in kernels] == [each.kind for each in opened(written(recognizer()[0])).operators]
    assert all(len(each.microseconds) == 9 for each in kernels)


def test_a_batch_answers_every_row_and_a_fixed_file_refuses_it(seed):
    for subject in (Playground(seed=seed), digits()):
        found = batch_view.measure(subject, 0)
        assert found.apart < 1e-4 and "Got: 8 Expected: 1" in found.refusal
        assert not batch_view.halved(found, 1).passed


@pytest.mark.parametrize("name", TRAPS)
def test_the_tracer_falls_into_its_traps(name, seeds):
    wanted = VERDICTS[name][0]
    verdicts = [traps_view.measure(name, seed).attempt.verdict for seed in seeds[:5]]
    assert set(verdicts) == {wanted}
    broken, mended, truth = modules(TRAPS[name], seeds[0])
    x = torch.randn(2, 4, generator=torch.Generator().manual_seed(seeds[0]))
    assert torch.allclose(mended(x.clone()), truth(x.clone()), atol=1e-4) and broken.training == TRAPS[name].training


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["branch on the data", "left in training mode"])
def test_todays_exporter_refuses_or_is_right_but_for_training_mode(name, seed):
    trap(name, seed)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TRAPS)
def test_todays_exporter_on_every_trap(name, seeds):
    for seed in seeds[:3]:
        trap(name, seed)


def trap(name: str, seed: int) -> None:
    found = finished(tried_today(name, seed))
    assert (found.broken.verdict, found.mended.verdict) == (VERDICTS[name][1], "right"), found
    assert traps_view.silent(found).passed == (name == "left in training mode") and not traps_view.silent(None).passed
    assert "/" not in found.broken.error and "\x1b" not in found.broken.error


def small(**changes) -> onnx.ModelProto:
    model = onnx.load_model_from_string(written(MLP(2, 3, 2)))
    for name, value in changes.items():
        setattr(model, name, value)
    return model


def test_strangers_files_get_one_sentence(seed):
    good = written(MLP(2, 8, 2))
    draw = np.random.default_rng(seed)
    files = [b"", b"hello", b"PK\x03\x04", b"<script>alert(1)</script>" * 40, good[: len(good) // 2], b"\x08" * 5000]
    for _ in range(60):
        damaged = bytearray(good)
        for place in draw.integers(0, len(damaged), 12):
            damaged[place] = draw.integers(0, 256)
        files.append(bytes(damaged))
    files += [draw.bytes(400) for _ in range(40)]
    for content in files:
        found = OWN.measure(content, seed=0)
        assert found.file or (found.refusal and "\n" not in found.refusal and len(found.refusal) < 250)
        shown = OWN.draw(found, **defaults(OWN.looks(found)))
        assert "<script>" not in shown.note or "`" in shown.note


def test_files_that_refer_elsewhere_or_are_bombs_are_refused():
    with pytest.raises(Refused, match="other files"):
        opened(branching(elsewhere=True))
    inside = onnx.load_model_from_string(branching())
    inside.graph.node[2].attribute[0].g.initializer.add(name="w", data_location=TensorProto.EXTERNAL)
    with pytest.raises(Refused, match="other files"):
        opened(inside.SerializeToString())
    many = small()
    many.graph.node.extend(helper.make_node("Relu", ["y"], [f"z{k}"]) for k in range(MOST_OPERATORS))
    with pytest.raises(Refused, match="more than 5,000 operators"):
        opened(many.SerializeToString())
    huge = small()
    huge.graph.initializer[0].dims[:] = [2**40, 2**20]
    with pytest.raises(Refused, match="damaged"):
        opened(huge.SerializeToString())
    with pytest.raises(Refused, match="at most 25 MB"):
        opened(bytes(26_000_000))


def test_functions_that_double_each_other_are_refused_before_anything_is_written_out():
    """Twenty functions, each of which calls the next twice, would be a million operators."""
    model, opsets = small(), [helper.make_opsetid("", 20), helper.make_opsetid("own", 1)]
    for place in range(20):
        body = [helper.make_node(f"f{place + 1}", ["x"], ["h"], domain="own"),
                helper.make_node(f"f{place + 1}", ["h"], ["z"], domain="own")]  # fmt: skip
        model.functions.append(helper.make_function("own", f"f{place}", ["x"], ["z"], body, opsets))
    model.opset_import.append(opsets[1])
    model.graph.node.append(helper.make_node("f0", ["y"], ["last"], domain="own"))
    with pytest.raises(Refused, match="6 deep"):
        opened(model.SerializeToString())
    loop = small()
    loop.functions.append(helper.make_function(
        "own", "f", ["x"], ["z"], [helper.make_node("f", ["x"], ["z"], domain="own")], opsets))  # fmt: skip
    loop.graph.node.append(helper.make_node("f", ["y"], ["last"], domain="own"))
    with pytest.raises(Refused, match="deep"):
        opened(loop.SerializeToString())


def test_odd_weights_and_names_are_shown_and_not_believed():
    odd = small(producer_name="![seen](http://example.org)`<b>")
    odd.graph.initializer.append(numpy_helper.from_array(np.array([np.nan, np.inf, 1], np.float32), "<img src=x>" * 30))
    odd.graph.initializer.append(helper.make_tensor("words", TensorProto.STRING, [1], [b"a"]))
    odd.graph.initializer.append(numpy_helper.from_array(np.zeros((0, 3), np.float32), "empty"))
    found = OWN.measure(odd.SerializeToString(), seed=0)
    assert found.file and "`" not in found.file.producer.replace("`", "")
    for weight in [each.name for each in found.drawn]:
        shown = OWN.draw(found, weight=weight)
        assert all(len(each.name) <= 60 for each in found.file.weights) and shown.pictures


def test_the_challenges_are_open_at_first_and_can_be_met(seeds):
    for name, view in OF_NETWORKS.items():
        found = view.measure(Playground(seed=seeds[0]), **defaults(view.controls), seed=0)
        assert not view.goal(found, **defaults(view.looks(found))).passed, name
    deep = [Playground(hidden_layers=4, activation=each, seed=seed) for each in ("tanh", "ReLU") for seed in seeds[:2]]
    assert any(graph_view.nine(graph_view.measure(each, 0), "9 Gemm").passed for each in deep)
    assert not EXAMPLE.goal(EXAMPLE.measure("the digits network", seed=0)).passed
    assert EXAMPLE.goal(EXAMPLE.measure("a branch on the data", seed=0)).passed
    found = TRAPS_VIEW.measure("branch on the data", seed=0)
    assert TRAPS_VIEW.question(found).truth == traps_view.OPTIONS[1]


def test_the_exporters_file_can_be_taken_away(seed):
    made = finished(agreement_view.exporting(Playground(hidden_layers=1, seed=seed)))
    assert made.difference < 1e-4
    assert "it is the file of the other views" in agreement_view.exported(made).note
    (_, name, content), *_ = agreement_view.AGREEMENT.later.files(made)
    assert name.endswith(".onnx") and opened(content).producer.startswith("pytorch")


def test_one_operator_is_no_plural():
    found = graph_view.measure(Playground(hidden_layers=0), 0)
    assert "**1 operator**" in graph_view.shown(found, found.names[0]).note


def test_reasons_fit_equal_logits_and_graphs_of_which_nothing_is_fused(seed):
    found = agreement_view.measure(Playground(seed=seed), 1, 0)
    pairs = found.ours.copy(), found.ours + np.float32(1e-3)
    for theirs, is_equal in zip(pairs, (True, False), strict=True):
        other = replace(found, theirs=theirs)
        asked = agreement_view.asked(other)
        assert ("come out the same" in asked.because) == is_equal == (asked.truth == agreement_view.EQUAL)
    turned = found.ours.copy()
    turned[:3] = turned[:3, ::-1]
    note = agreement_view.shown(replace(found, theirs=turned)).note
    assert f"the same for {len(found.x) - 3:,} of them" in note
    for activation, are_fused in (("tanh", True), ("GELU", False)):
        times = time_view.measure(Playground(activation=activation, seed=seed), 1, 0)
        assert (len(times.fused) < len(times.written)) == are_fused
        assert ("nothing is saved here" in time_view.asked(times).because) == (not are_fused)
    alone = time_view.measure(Playground(hidden_layers=0, seed=seed), 1, 0)
    assert "with 1 and 1 operator." in time_view.shown(alone).note and "**1 operator**" in time_view.before(alone).note
    inside = OWN.draw(OWN.measure(written(MLP(2, 2, seed=seed)), seed=0), weight="").note
    assert inside.startswith("**1 operator**, of 1 kind (opset") and "**2 weights**" in inside
    assert "Microseconds per answer: 1 row " in batch_view.costs(batch_view.measure(Playground(), 0), 1).alt
