"""Whether JAX and PyTorch compute the same: losses and gradients of one made-up batch, and the recurrences against test/golden.

    torch-python check.py torch FILE     eager PyTorch writes what it found; the C++ recurrence must agree with it
    jax-python check.py jax FILE         JAX must agree with the file, with its own gradients and with those by hand
"""

import sys

kind, file = sys.argv[1:3]
sys.argv[1:] = []

import json  # noqa: E402
import pathlib  # noqa: E402

import numpy as np  # noqa: E402
from joint import EMBEDDING, JointIds  # noqa: E402

GOLDEN = pathlib.Path(__file__).parent / "../../test/golden"
SIZE, STEPS, ROWS = 37, 9, 500


class Shape:
    """As much of a dataset as `JointIds` reads."""

    other_fields = [{"size": 100}]
    fields = {"item": [{"size": 300}, {"size": 100}]}
    item_ids = np.zeros((1, 2), np.int64)


def case():
    """weights, table [ROWS, EMBEDDING], ids of a batch, length [SIZE], label [SIZE]."""
    random, joint = np.random.default_rng(5), JointIds(Shape)
    weights = {name: random.normal(0, 0.3, w.shape).astype(np.float32) for name, w in joint.weights(random).items()}
    count = SIZE * (joint.others + 2 * STEPS * joint.item_fields)
    ids = random.integers(0, ROWS, count)
    table = random.normal(0, 0.3, (ROWS, EMBEDDING)).astype(np.float32)
    length, label = random.integers(1, STEPS + 1, SIZE), random.integers(0, 2, SIZE).astype(np.float32)
    return joint, weights, table, ids, length, label


def golden(name, with_attention, run):
    """run(x [T, B, 3H], U, attention [T, B], weight [T, B, H]) -> gradients of sum(states * weight) of the three."""
    document = json.loads((GOLDEN / f"{name}.json").read_text())

    def array(entry):
        return np.array(entry["data"], np.float32).reshape(entry["shape"])

    inputs = {name: array(entry) for name, entry in document["inputs"].items() if isinstance(entry, dict)}
    length = np.array(document["inputs"]["lengths"])
    steps = inputs["x"].shape[1]
    mask = np.arange(steps)[:, None] < length
    # The final state is that of the last step of a sample.
    weight = inputs["output_weight"] * mask.T[..., None]
    has_any = np.flatnonzero(length)
    weight[has_any, length[has_any] - 1] += inputs["last_weight"][has_any]
    attention = inputs["attention"].T if with_attention else np.ones(mask.shape, np.float32)
    x = (inputs["x"] @ inputs["W"] + inputs["b"]).transpose(1, 0, 2)
    dx, dU, d_attention = run(np.ascontiguousarray(x), inputs["U"], np.ascontiguousarray(attention), weight.transpose(1, 0, 2))
    wanted = {name: array(entry) for name, entry in document["gradients"].items()}
    same(f"{name}, U", dU, wanted["U"])
    same(f"{name}, W", np.einsum("btd,tbg->dg", inputs["x"], dx), wanted["W"])
    if with_attention:
        same(f"{name}, attention", d_attention.T * mask.T, wanted["attention"] * mask.T)


def same(what, found, wanted, within=1e-5):
    """Equal up to a share of the largest value: single precision, sums in another order."""
    difference = np.abs(np.asarray(found) - wanted).max() / np.abs(wanted).max()
    print(f"{what}: differs by {difference:.1e}")
    if not difference < within:
        raise SystemExit(f"{what}: these are not the same")


def check_torch():
    import torch
    from torch.nn import functional as F
    from torch_dien import network
    from torch_recurrence import recurrence

    def plain(x, U, attention):
        hidden, states = U.shape[0], [x.new_zeros(x.shape[1], U.shape[0])]
        for t in range(x.shape[0]):
            product = states[-1] @ U
            update, reset = torch.sigmoid(x[t, :, : 2 * hidden] + product[:, : 2 * hidden]).chunk(2, 1)
            candidate = torch.tanh(x[t, :, 2 * hidden :] + reset * product[:, 2 * hidden :])
            if attention is not None:
                update = update * attention[t, :, None]
            states.append(states[-1] + update * (candidate - states[-1]))
        return torch.stack(states[1:])

    joint, weights, table, ids, length, label = case()
    mask = torch.from_numpy((np.arange(STEPS)[:, None] < length).astype(np.float32))

    def run(recur):
        p = {name: torch.from_numpy(w).requires_grad_() for name, w in weights.items()}
        rows = torch.from_numpy(table).requires_grad_()
        parts = joint.parts(F.embedding(torch.from_numpy(ids), rows), SIZE, STEPS)
        logits, auxiliary = network(recur, p, parts, mask)
        target = F.binary_cross_entropy_with_logits(logits, torch.from_numpy(label))
        gradients = torch.autograd.grad(target + auxiliary, [rows, *p.values()])
        names = ["table", *p]
        return {"losses": np.array([target.item(), auxiliary.item()])} | dict(zip(names, (g.numpy() for g in gradients)))

    fast = recurrence(joint.hidden)
    wanted, found = run(plain), run(fast)
    for name, value in wanted.items():
        same(f"C++, {name}", found[name], value)
    np.savez(file, **wanted)

    def gradients(x, U, attention, weight):
        inputs = [torch.from_numpy(a).requires_grad_() for a in (x, U, attention)]
        states = fast(*inputs)
        return [g.numpy() for g in torch.autograd.grad((states * torch.from_numpy(weight)).sum(), inputs)]

    golden("gru-paper", False, gradients)
    golden("augru-paper", True, gradients)


def check_jax():
    import jax
    import jax_dien
    from jax_recurrence import plain_recurrence, recurrence

    joint, weights, table, ids, length, label = case()
    wanted = np.load(file)
    for kind, recur in (("gradients of JAX", plain_recurrence), ("gradients by hand", recurrence)):

        def loss(table, weights):
            parts = joint.parts(table[ids], SIZE, STEPS)
            return jax_dien.losses(recur, weights, parts, length, label, np.ones(SIZE, np.float32))

        (_, both), (d_table, d_weights) = jax.value_and_grad(loss, (0, 1), has_aux=True)(jax.numpy.asarray(table), weights)
        for name, value in ({"losses": np.array(both), "table": d_table} | d_weights).items():
            same(f"{kind}, {name}", value, wanted[name])

    def gradients(x, U, attention, weight):
        return jax.grad(lambda *inputs: (recurrence(*inputs) * weight).sum(), (0, 1, 2))(x, U, attention)

    golden("gru-paper", False, gradients)
    golden("augru-paper", True, gradients)


{"torch": check_torch, "jax": check_jax}[kind]()
