"""DIEN in JAX on the CPU, tuned: backward of the recurrences by hand, Adam on the rows that a batch reads, several steps a call.

Batches of like lengths are padded to the next of a few lengths; there is a program for each, compiled before the clock starts
(and kept on disk: JAX's compilation cache). A call makes STEPS steps, or one where fewer batches of a length are left.
"""

import os

import program  # before jax

cores = sorted(os.sched_getaffinity(0))
# XLA starts a thread for each core that it may use.
os.sched_setaffinity(0, cores[: program.THREADS])
if program.THREADS == 1:
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false".strip()
os.environ["JAX_PLATFORMS"] = "cpu"

import pathlib  # noqa: E402

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from dataset import Dataset  # noqa: E402
from jax import lax  # noqa: E402
from jax_recurrence import recurrence  # noqa: E402
from joint import HEAD, JointIds  # noqa: E402

jax.config.update("jax_compilation_cache_dir", str(pathlib.Path(__file__).parent / ".venv-jax-cache"))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)

LENGTHS = np.array([1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 100])
STEPS = 4
BETAS, EPSILON = (0.9, 0.999), 1e-8


def network(recur, weights, parts, length):
    """Logits [B] and the auxiliary loss; `parts` as `JointIds.parts` gives them, length [B]."""
    others, x, history, negatives = parts
    steps = history.shape[0]
    valid = jnp.arange(steps)[:, None] < length
    mask = valid.astype(jnp.float32)
    history = history * mask[..., None]
    states = recur(history @ weights["extractor.W"] + weights["extractor.b"], weights["extractor.U"], jnp.ones_like(mask))
    auxiliary = 0.0
    if negatives is not None and steps > 1:
        before = states[:-1]
        losses = jax.nn.softplus(-(before * history[1:]).sum(-1)) + jax.nn.softplus((before * negatives).sum(-1))
        auxiliary = (losses * mask[1:]).sum() / jnp.maximum(mask[1:].sum(), 1)
    scores = (states * (x @ weights["attention.W"].T)).sum(-1)
    attention = jax.nn.softmax(jnp.where(valid, scores, -1e9), 0) * mask
    final = recur(states @ weights["evolution.W"] + weights["evolution.b"], weights["evolution.U"], attention)[-1]
    total = history.sum(0)
    y = jnp.concatenate([others, x, total, x * total, final], 1)
    for i in range(len(HEAD)):
        y = y @ weights[f"mlp.{i}.W"] + weights[f"mlp.{i}.b"]
        y = jnp.where(y >= 0, y, weights[f"mlp.{i}.slope"] * y)
    i = len(HEAD)
    return (y @ weights[f"mlp.{i}.W"] + weights[f"mlp.{i}.b"])[:, 0], auxiliary


def losses(recur, weights, parts, length, label, counts):
    """The sum of the two losses, and both; a sample that fills up a batch counts 0."""
    logits, auxiliary = network(recur, weights, parts, length)
    target = (jax.nn.softplus(logits) - label * logits) * counts
    target = target.sum() / counts.sum()
    return target + auxiliary, (target, auxiliary)


def adam(weights, moments, gradients, step, rate):
    """Weights and moments after a step of Adam; trees of the same form, or arrays."""
    correction, root = (1 - beta**step for beta in BETAS)
    first = jax.tree.map(lambda m, g: BETAS[0] * m + (1 - BETAS[0]) * g, moments[0], gradients)
    second = jax.tree.map(lambda v, g: BETAS[1] * v + (1 - BETAS[1]) * g * g, moments[1], gradients)

    def changed(w, m, v):
        return w - rate / correction * m / (jnp.sqrt(v / root) + EPSILON)

    return jax.tree.map(changed, weights, first, second), (first, second)


def training_program(joint, size, length_of_batch, rate):
    """A compiled function: state, batches [steps, ...] -> state after one step for each of them."""

    def step(state, batch):
        (table, table_moments, weights, moments, count), (distinct, local, length, label, counts) = state, batch
        count = count + 1

        def loss(weights, read):
            parts = joint.parts(read[local], size, length_of_batch)
            return losses(recurrence, weights, parts, length, label, counts)[0]

        def read(table):
            return table.at[distinct].get(mode="fill", fill_value=0)

        def write(table, rows):
            return table.at[distinct].set(rows, mode="drop", unique_indices=True, indices_are_sorted=True)

        rows, row_moments = read(table), tuple(map(read, table_moments))
        gradients, row_gradients = jax.grad(loss, (0, 1))(weights, rows)
        rows, row_moments = adam(rows, row_moments, row_gradients, count, rate)
        weights, moments = adam(weights, moments, gradients, count, rate)
        return (write(table, rows), tuple(map(write, table_moments, row_moments)), weights, moments, count), None

    return jax.jit(lambda state, batches: lax.scan(step, state, batches)[0], donate_argnums=0)


class Model:
    """The state of training, and a program for each length."""

    def __init__(self, data, options):
        self.data, self.joint = data, JointIds(data)
        self.size, self.rate = options.batch_size, options.learning_rate
        self._programs = {}
        self._edges = LENGTHS[LENGTHS < data.max_history].tolist() + [data.max_history]

    def start(self, seed):
        random = np.random.default_rng(seed)
        zeros = lambda tree: tuple(jax.tree.map(jnp.zeros_like, tree) for _ in BETAS)  # noqa: E731
        table = jnp.asarray(self.joint.table(random))
        weights = jax.tree.map(jnp.asarray, self.joint.weights(random))
        self.state = table, zeros(table), weights, zeros(weights), jnp.float32(0)

    def calls(self, random):
        """The calls of an epoch: (length, rows of STEPS batches or of one), in random order."""
        length = self.data.splits["train"]["length"]
        by_length = {}
        for rows in self.data.by_length("train", self.size, random, self._edges):
            padded = self._edges[np.searchsorted(self._edges, max(1, length[rows].max()))]
            by_length.setdefault(padded, []).append(rows)
        calls = []
        for padded, batches in by_length.items():
            whole = len(batches) // STEPS * STEPS
            calls += [(padded, batches[i : i + STEPS]) for i in range(0, whole, STEPS)]
            calls += [(padded, [rows]) for rows in batches[whole:]]
        return [calls[i] for i in random.permutation(len(calls))]

    def call(self, length, batches, random):
        if length not in self._programs:
            self._programs[length] = training_program(self.joint, self.size, length, self.rate)
        stacked = tuple(np.stack(each) for each in zip(*(self._batch(rows, length, random) for rows in batches)))
        self.state = self._programs[length](self.state, stacked)

    def _batch(self, rows, length, random):
        """distinct rows, local ids, length, label, counts: filled up to one shape for each length."""
        counts = np.zeros(self.size, np.float32)
        counts[: len(rows)] = 1
        batch = self.data.batch("train", np.resize(rows, self.size), length, random)
        distinct, local = self.joint.touched(self.joint.ids(batch))
        # Beyond the table's end: dropped when written, and still ascending and distinct.
        filled = self.joint.rows + np.arange(self.joint.most_touched(self.size, length), dtype=np.int32)
        filled[: len(distinct)] = distinct
        # Filling samples have no history, so they do not count in the auxiliary loss either.
        lengths = (batch.length * (counts > 0)).astype(np.int32)
        return filled, local.astype(np.int32), lengths, batch.label, counts

    def wait(self):
        jax.block_until_ready(self.state)

    def test_auc(self):
        table, _, weights, _, _ = self.state

        @jax.jit
        def logits(table, weights, ids, length, shape):
            parts = self.joint.parts(table[ids], length.shape[0], shape.shape[0])
            return network(recurrence, weights, parts, length)[0]

        labels, scores = [], []
        for rows in self.data.by_length("test", 1024, edges=self._edges):
            steps = self._edges[np.searchsorted(self._edges, max(1, self.data.splits["test"]["length"][rows].max()))]
            batch = self.data.batch("test", np.resize(rows, 1024), int(steps))
            found = logits(table, weights, self.joint.ids(batch), batch.length, np.empty(steps))
            labels.append(batch.label[: len(rows)])
            scores.append(np.asarray(found)[: len(rows)])
        return program.auc(np.concatenate(labels), np.concatenate(scores))


def main():
    options = program.parser(__doc__.splitlines()[0]).parse_args()
    model = Model(Dataset(options.data, options.limit), options)
    random = np.random.default_rng(options.seed)
    compiling, clock = program.Clock(), program.Clock()
    with compiling:
        model.start(0)
        shapes = {(length, len(batches)): batches for length, batches in model.calls(random)}
        for (length, _), batches in shapes.items():
            for _ in range(2):
                model.call(length, batches, random)
        model.wait()
    model.start(options.seed)
    for _ in range(options.epochs):
        with clock:
            for length, batches in model.calls(random):
                model.call(length, batches, random)
            model.wait()
    samples = options.epochs * model.data.count("train")
    more = {"warm_up_seconds": compiling.seconds, "programs": len(shapes)}
    program.report(options, ("jax", "jaxlib", "numpy"), samples, clock, model.test_auc(), **more)


if __name__ == "__main__":
    main()
