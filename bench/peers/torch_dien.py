"""DIEN in PyTorch as fast as it was made: both recurrences in C++, one table of embeddings, Adam on the rows that a batch reads.

Batches of like lengths; the few cells of padding are masked. The mathematics is that of torch_eager.py (`check.py`).
"""

import program  # before torch
import numpy as np
import torch
from dataset import Dataset
from joint import HEAD, JointIds
from torch.nn import functional as F
from torch_recurrence import recurrence

BETAS, EPSILON = (0.9, 0.999), 1e-8


def network(recur, weights, parts, mask):
    """Logits [B] and the auxiliary loss; `parts` as `JointIds.parts` gives them, mask [T, B] or None where all is valid."""
    others, x, history, negatives = parts
    steps, size, hidden = history.shape
    if mask is not None:
        history = history * mask.unsqueeze(-1)

    def projected(layer, inputs):
        rows = torch.addmm(weights[f"{layer}.b"], inputs.reshape(-1, hidden), weights[f"{layer}.W"])
        return rows.view(steps, size, 3 * hidden)

    states = recur(projected("extractor", history), weights["extractor.U"], None)
    auxiliary = states.new_zeros(())
    if negatives is not None and steps > 1:
        before = states[:-1]
        losses = F.softplus(-(before * history[1:]).sum(-1)) + F.softplus((before * negatives).sum(-1))
        valid = None if mask is None else mask[1:]
        auxiliary = losses.mean() if valid is None else (losses * valid).sum() / valid.sum().clamp(min=1)
    scores = (states * (x @ weights["attention.W"].t())).sum(-1)
    if mask is None:
        attention = torch.softmax(scores, 0)
    else:
        attention = torch.softmax(scores.masked_fill(mask == 0, -1e9), 0) * mask
    final = recur(projected("evolution", states), weights["evolution.U"], attention)[-1]
    total = history.sum(0)
    y = torch.cat([others, x, total, x * total, final], 1)
    for i in range(len(HEAD)):
        y = F.prelu(torch.addmm(weights[f"mlp.{i}.b"], y, weights[f"mlp.{i}.W"]), weights[f"mlp.{i}.slope"])
    i = len(HEAD)
    return torch.addmm(weights[f"mlp.{i}.b"], y, weights[f"mlp.{i}.W"]).squeeze(1), auxiliary


class Model:
    """Weights with their moments, and the steps that change them."""

    def __init__(self, joint, seed, rate):
        random = np.random.default_rng(seed)
        self.joint, self.rate, self.step_count = joint, rate, 0
        self.recur = recurrence(joint.hidden)
        self.table = torch.from_numpy(joint.table(random))
        self.table_moments = torch.zeros_like(self.table), torch.zeros_like(self.table)
        self.weights = {name: torch.from_numpy(w).requires_grad_() for name, w in joint.weights(random).items()}
        self.dense = list(self.weights.values())
        self.moments = [[torch.zeros_like(w) for w in self.dense] for _ in BETAS]
        self.counts = [torch.tensor(0.0) for _ in self.dense]

    def scores(self, batch):
        rows = F.embedding(torch.from_numpy(self.joint.ids(batch)), self.table)
        with torch.inference_mode():
            return network(self.recur, self.weights, self._parts(rows, batch), masked(batch))[0].numpy()

    def step(self, batch):
        """One step of training; losses are not read, for that would take time."""
        distinct, local = (torch.from_numpy(ids) for ids in self.joint.touched(self.joint.ids(batch)))
        read = self.table[distinct].requires_grad_()
        logits, auxiliary = network(
            self.recur, self.weights, self._parts(F.embedding(local, read), batch), masked(batch)
        )
        loss = F.binary_cross_entropy_with_logits(logits, torch.from_numpy(batch.label)) + auxiliary
        *gradients, gradient = torch.autograd.grad(loss, self.dense + [read])
        self.step_count += 1
        with torch.no_grad():
            self._adam_dense(gradients)
            self._adam_rows(distinct, gradient)

    def _parts(self, rows, batch):
        return self.joint.parts(rows, *batch.history.shape)

    def _adam_dense(self, gradients):
        """The kernel of torch.optim.Adam(fused=True), without the bookkeeping of the optimiser around it."""
        torch._foreach_add_(self.counts, 1)
        settings = {"lr": self.rate, "beta1": BETAS[0], "beta2": BETAS[1], "eps": EPSILON, "weight_decay": 0.0}
        flags = {"amsgrad": False, "maximize": False}
        torch._fused_adam_(self.dense, gradients, *self.moments, [], self.counts, **settings, **flags)

    def _adam_rows(self, rows, gradient):
        """As torch.optim.SparseAdam: rows that were not read, and their moments, stay as they are."""
        first, second = (moments[rows] for moments in self.table_moments)
        first.lerp_(gradient, 1 - BETAS[0])
        second.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        for moments, changed in zip(self.table_moments, (first, second)):
            moments[rows] = changed
        correction, root = (1 - beta**self.step_count for beta in BETAS)
        change = first.mul_(-self.rate / correction).div_(second.div_(root).sqrt_().add_(EPSILON))
        self.table.index_add_(0, rows, change)


def masked(batch):
    """mask [T, B] as numbers; None where every cell is valid, which it is in most batches."""
    return None if batch.mask.all() else torch.from_numpy(batch.mask.T.astype(np.float32))


def main():
    options = program.parser(__doc__.splitlines()[0]).parse_args()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    data = Dataset(options.data, options.limit)
    joint = JointIds(data)
    random = np.random.default_rng(options.seed)
    warm = program.Clock()
    with warm:
        throwaway = Model(joint, 0, options.learning_rate)
        for rows in data.by_length("train", options.batch_size, random)[:20]:
            throwaway.step(data.batch("train", rows, None, random))
        del throwaway
    model = Model(joint, options.seed, options.learning_rate)
    clock = program.Clock()
    for _ in range(options.epochs):
        with clock:
            for rows in data.by_length("train", options.batch_size, random):
                model.step(data.batch("train", rows, None, random))
    batches = [data.batch("test", rows) for rows in data.by_length("test", 1024)]
    auc = program.auc(*(np.concatenate(x) for x in zip(*((b.label, model.scores(b)) for b in batches))))
    samples = options.epochs * data.count("train")
    program.report(options, ("torch", "numpy"), samples, clock, auc, warm_up_seconds=warm.seconds)


if __name__ == "__main__":
    main()
