"""Small ONNX files with something to find in them."""

import numpy as np


def branching(elsewhere: bool = False) -> bytes:
    """A file that chooses between two layers by the sum of its input, as an ``If`` whose branches hold the operators;
    ``elsewhere``: its weights claim to lie in another file."""
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(0)
    arrays = {f"{side}.weight": random.normal(size=(4, 3)).astype(np.float32) for side in ("positive", "negative")}
    weights = [numpy_helper.from_array(values, name) for name, values in arrays.items()]
    if elsewhere:
        for weight in weights:
            weight.ClearField("raw_data")
            weight.data_location = TensorProto.EXTERNAL
            weight.external_data.add(key="location", value="../../another/file.bin")
    kinds = {"positive": ("Relu", "Exp"), "negative": ("Tanh", "Neg")}
    branches = {}
    for side, (first, second) in kinds.items():
        nodes = [
            helper.make_node("MatMul", ["x", f"{side}.weight"], [f"{side}.sum"]),
            helper.make_node(first, [f"{side}.sum"], [f"{side}.bent"]),
            helper.make_node(second, [f"{side}.bent"], [f"{side}.y"]),
        ]
        output = helper.make_tensor_value_info(f"{side}.y", TensorProto.FLOAT, ["batch", 3])
        branches[side] = helper.make_graph(nodes, side, [], [output])
    main = [
        helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
        helper.make_node("Greater", ["sum", "zero"], ["is_positive"]),
        helper.make_node(
            "If", ["is_positive"], ["y"], then_branch=branches["positive"], else_branch=branches["negative"]
        ),
    ]
    ends = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4]),
            helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])]  # fmt: skip
    zero = numpy_helper.from_array(np.array(0, np.float32), "zero")
    graph = helper.make_graph(main, "branching", ends[:1], ends[1:], [*weights, zero])
    opset = helper.make_opsetid("", 20)
    return helper.make_model(
        graph, opset_imports=[opset], ir_version=10, producer_name="roadmap-lab"
    ).SerializeToString()
