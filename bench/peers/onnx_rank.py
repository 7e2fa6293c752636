"""DIEN in onnxruntime on one thread: one user with a history, many candidates, the user's part computed once.

Reads the weights of a run, writes the graph as PyTorch's tracing exports it (one loop iteration after the other), and
answers each line {"user": [...], "history": [[...], ...], "candidates": [[...], ...], "calls": N} of ids on stdin by a line
with the probabilities and the milliseconds of N calls. Default configuration (bilinear attention, AUGRU of the paper, PReLU);
fields of one id each.
"""
import json
import struct
import sys
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper


def read_weights(path):
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], np.float32).reshape(entry["shape"])
        for name, entry in header.items()
    }


def build(weights, user_fields, item_fields, steps):
    nodes, constants = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def node(kind, inputs, outputs=None, **attributes):
        outputs = outputs or [f"v{len(nodes)}"]
        nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs[0] if len(outputs) == 1 else outputs

    for name, value in weights.items():
        constant(name, value)

    def look_up(ids, fields):
        columns = [
            node("Gather", [f"embedding.{field}", node("Gather", [ids, constant(f"{ids}.{i}", np.int64(i))], axis=1)])
            for i, field in enumerate(fields)
        ]
        return node("Concat", columns, axis=1) if len(columns) > 1 else columns[0]

    e, x, u = look_up("history", item_fields), look_up("candidates", item_fields), look_up("user", user_fields)
    H = weights["extractor.U"].shape[0]
    D = weights["extractor.W"].shape[0]

    def turned(m):
        # Of onnx the gates are keep | reset | candidate, and keep is 1 - update.
        return np.concatenate([-m[..., :H], m[..., H:]], -1)

    b = np.concatenate([turned(weights["extractor.b"])[0], np.zeros(3 * H, np.float32)])
    h, _ = node(
        "GRU",
        [
            node("Reshape", [e, constant("sequence", np.array([steps, 1, D]))]),
            constant("gru.W", turned(weights["extractor.W"]).T[None]),
            constant("gru.R", turned(weights["extractor.U"]).T[None]),
            constant("gru.B", b[None]),
        ],
        ["gru.y", "gru.last"],
        hidden_size=H,
        linear_before_reset=1,
    )
    h = node("Reshape", [h, constant("states", np.array([steps, H]))])
    keys = node("Transpose", [node("MatMul", [h, "attention.W"])], perm=[1, 0])
    a = node("Softmax", [node("MatMul", [x, keys])], axis=1)
    projected = node("Add", [node("MatMul", [h, "evolution.W"]), "evolution.b"])
    inputs = node("Split", [projected], [f"input.{t}" for t in range(steps)], axis=0)
    shares = node("Split", [a], [f"share.{t}" for t in range(steps)], axis=1)
    parts = constant("parts", np.array([2 * H, H]))
    count = node("Gather", [node("Shape", ["candidates"]), constant("first", np.array([0]))])
    s = node("Expand", [constant("zero", np.zeros((1, H), np.float32)), node("Concat", [count, constant("H", np.array([H]))], axis=0)])
    for t in range(steps):
        gur, gc = node("Split", [node("MatMul", [s, "evolution.U"]), parts], [f"gur.{t}", f"gc.{t}"], axis=1)
        xur, xc = node("Split", [inputs[t], parts], [f"xur.{t}", f"xc.{t}"], axis=1)
        ur = node("Sigmoid", [node("Add", [gur, xur])])
        update, reset = node("Split", [ur], [f"u.{t}", f"r.{t}"], axis=1)
        c = node("Tanh", [node("Add", [xc, node("Mul", [reset, gc])])])
        s = node("Add", [s, node("Mul", [node("Mul", [shares[t], update]), node("Sub", [c, s])])])
    rows = lambda part, width: node("Expand", [part, node("Concat", [count, constant(f"width{len(nodes)}", np.array([width]))], axis=0)])
    total = rows(node("ReduceSum", [e, constant("axis", np.array([0]))], keepdims=1), D)
    user = rows(u, weights[f"embedding.{user_fields[0]}"].shape[1] * len(user_fields))
    y = node("Concat", [user, x, total, node("Mul", [x, total]), s], axis=1)
    layer = 0
    while f"mlp.{layer}.slope" in weights:
        y = node("PRelu", [node("Gemm", [y, f"mlp.{layer}.W", f"mlp.{layer}.b"]), f"mlp.{layer}.slope"])
        layer += 1
    node("Sigmoid", [node("Gemm", [y, f"mlp.{layer}.W", f"mlp.{layer}.b"])], ["p"])
    ids = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.INT64, shape)
    graph = helper.make_graph(
        nodes,
        "dien",
        [ids("user", [1, len(user_fields)]), ids("history", [steps, len(item_fields)]), ids("candidates", ["n", len(item_fields)])],
        [helper.make_tensor_value_info("p", TensorProto.FLOAT, ["n", 1])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def main():
    path, user_fields, item_fields, steps = sys.argv[1:5]
    session = build(read_weights(path), user_fields.split(","), item_fields.split(","), int(steps))
    for line in sys.stdin:
        request = json.loads(line)
        given = {name: np.array(request[name], np.int64) for name in ("user", "history", "candidates")}
        milliseconds = []
        for _ in range(request["calls"]):
            start = time.perf_counter()
            scores = session.run(None, given)[0]
            milliseconds.append(1000 * (time.perf_counter() - start))
        print(json.dumps({"scores": scores[:, 0].tolist(), "milliseconds": milliseconds}), flush=True)


main()
