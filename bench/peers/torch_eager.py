"""DIEN in eager PyTorch, as a careful user writes it: what is fast here comes from PyTorch alone.

The same mathematics as the project's own model (https://arxiv.org/abs/1809.03672, reset gate after the recurrent product): batches
of like lengths, padded to the longest of the batch; nn.GRU for the extractor; a loop over steps for AUGRU; fused Adam on all
parameters. It also runs alone, as an independent check of results (README.md): then rare values are read as unknown in a share
of the samples, as `dien train` does by default.

B samples, T steps, D item vector, H = D hidden.
"""

import json
import sys

import program  # before torch
import numpy as np
import pyarrow.parquet as parquet
import torch
from dataset import Dataset
from torch import nn
from torch.nn import functional as F


class Masks:
    """Which rare values are read as unknown: a value that training has n times in a share a / (a + n) of the samples."""

    def __init__(self, data, strength):
        def shares(field):
            vocabulary = parquet.read_table(data.folder / "vocabulary" / f"{field['name']}.parquet")
            out = np.zeros(field["size"])
            out[vocabulary["id"].to_numpy()] = strength / (strength + vocabulary["count"].to_numpy())
            return out

        self.items = [shares(field) for field in data.fields["item"]]
        self.others = [shares(field) for field in data.other_fields]

    @staticmethod
    def apply(shares, ids, draws):
        """ids [B, ..., fields]: of one sample, a value is masked wherever it stands."""
        draws = draws.reshape(-1, *[1] * (ids.ndim - 2))
        masks = [uniform(draws + np.uint64(k), ids[..., k]) < share[ids[..., k]] for k, share in enumerate(shares)]
        return np.where(np.stack(masks, -1), 0, ids) if masks else ids


def uniform(key, value):
    """A number in [0, 1) for a random key and a value: the finaliser of SplitMix64."""
    x = key ^ (value.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (x ^ (x >> np.uint64(31))) / 2**64


def tensors(data, batch, masks=None, random=None):
    """others [B, fields], candidate [B, fields], history and negatives [B, T, fields], mask [B, T]."""
    items = [batch.candidate, batch.history] + ([] if batch.negatives is None else [batch.negatives])
    others, items = batch.others, [data.item_ids[rows] for rows in items]
    if masks is not None:
        draws = random.integers(2**63, size=len(others), dtype=np.uint64)
        others = masks.apply(masks.others, others, draws)
        items = [masks.apply(masks.items, ids, draws) for ids in items]
    candidate, history, *negatives = (torch.from_numpy(ids) for ids in items)
    return torch.from_numpy(others), candidate, history, negatives[0] if negatives else None, torch.from_numpy(batch.mask)


class Embeddings(nn.Module):
    """One table per field; vectors of the fields side by side."""

    def __init__(self, fields, width):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(field["size"], width) for field in fields)
        for table in self.tables:
            nn.init.normal_(table.weight, std=0.05)
        self.width = width * len(fields)

    def forward(self, ids):
        return torch.cat([table(ids[..., k]) for k, table in enumerate(self.tables)], -1)


def linear(inputs, outputs, bias=True):
    layer = nn.Linear(inputs, outputs, bias)
    nn.init.xavier_uniform_(layer.weight)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer


class BilinearAttention(nn.Module):
    """a_t = softmax_t(h_t W e)."""

    def __init__(self, hidden, width):
        super().__init__()
        self.weight = linear(width, hidden, bias=False)
        nn.init.eye_(self.weight.weight)

    def forward(self, states, candidate, mask):
        scores = torch.bmm(states, self.weight(candidate).unsqueeze(-1)).squeeze(-1)
        return masked_softmax(scores, mask)


class MlpAttention(nn.Module):
    """The authors' code: an MLP on [q, h, q - h, q * h], softmax over the valid steps."""

    def __init__(self, hidden, width):
        super().__init__()
        self.query = nn.Sequential(linear(width, hidden), nn.PReLU(init=0.1))
        self.score = nn.Sequential(linear(4 * hidden, 80), nn.Sigmoid(), linear(80, 40), nn.Sigmoid(), linear(40, 1))

    def forward(self, states, candidate, mask):
        query = self.query(candidate).unsqueeze(1).expand_as(states)
        features = torch.cat([query, states, query - states, query * states], -1)
        return masked_softmax(self.score(features).squeeze(-1), mask)


def masked_softmax(scores, mask):
    """Softmax over the valid steps [B, T]; all zero for an empty history."""
    return torch.softmax(scores.masked_fill(~mask, -1e9), 1) * mask


class Augru(nn.Module):
    """A GRU whose update gate is scaled by attention: u~ = a u, h' = (1 - u~) h + u~ c. Returns the final state."""

    def __init__(self, hidden):
        super().__init__()
        self.input = linear(hidden, 3 * hidden)
        self.state = linear(hidden, 3 * hidden, bias=False)

    def forward(self, inputs, attention):
        hidden = inputs.shape[-1]
        projected = self.input(inputs).unbind(1)
        weights = attention.unsqueeze(-1).unbind(1)
        state = inputs.new_zeros(inputs.shape[0], hidden)
        for x, a in zip(projected, weights):
            recurrent = self.state(state)
            gates = torch.sigmoid(x[:, : 2 * hidden] + recurrent[:, : 2 * hidden])
            update, reset = gates.chunk(2, 1)
            new = torch.tanh(x[:, 2 * hidden :] + reset * recurrent[:, 2 * hidden :])
            # Padding has attention 0, which leaves the state as it is.
            state = state + a * update * (new - state)
        return state


class Dien(nn.Module):
    def __init__(self, data, attention="bilinear", auxiliary="dot"):
        super().__init__()
        self.items = Embeddings(data.fields["item"], 18)
        self.others = Embeddings(data.other_fields, 18)
        width = self.items.width
        self.extractor = nn.GRU(width, width, batch_first=True)
        self.attention = (BilinearAttention if attention == "bilinear" else MlpAttention)(width, width)
        self.evolution = Augru(width)
        self.auxiliary = None
        if auxiliary == "mlp":
            layers = (linear(2 * width, 100), nn.Sigmoid(), linear(100, 50), nn.Sigmoid(), linear(50, 1))
            self.auxiliary = nn.Sequential(*layers)
        self.head = nn.Sequential(
            linear(self.others.width + 4 * width, 200),
            nn.PReLU(200, init=0.1),
            linear(200, 80),
            nn.PReLU(80, init=0.1),
            linear(80, 1),
        )

    def forward(self, others, candidate, history, negatives, mask):
        """Logits [B] and, where negatives are given, the auxiliary loss."""
        x = self.items(candidate)
        behaviours = self.items(history) * mask.unsqueeze(-1)
        states, _ = self.extractor(behaviours)
        loss = None if negatives is None else self.auxiliary_loss(states, behaviours, self.items(negatives), mask)
        final = self.evolution(states, self.attention(states, x, mask))
        total = behaviours.sum(1)
        return self.head(torch.cat([self.others(others), x, total, x * total, final], 1)).squeeze(1), loss

    def auxiliary_loss(self, states, clicked, negatives, mask):
        """Mean over valid pairs of -log p(h_t, e_t+1) - log(1 - p(h_t, n_t+1))."""
        states, valid = states[:, :-1], mask[:, 1:]

        def logit(other):
            if self.auxiliary is None:
                return (states * other).sum(-1)
            return self.auxiliary(torch.cat([states, other], -1)).squeeze(-1)

        losses = F.softplus(-logit(clicked[:, 1:])) + F.softplus(logit(negatives[:, 1:]))
        return (losses * valid).sum() / valid.sum().clamp(min=1)


@torch.no_grad()
def evaluate(model, data, split):
    batches = [data.batch(split, rows) for rows in data.by_length(split, 512)]
    scores = [model(*tensors(data, batch))[0].numpy() for batch in batches]
    return program.auc(np.concatenate([batch.label for batch in batches]), np.concatenate(scores))


def train(model, optimiser, data, batches, masks, random):
    """Steps on batches of rows; the mean losses."""
    samples = target_sum = auxiliary_sum = 0.0
    for rows in batches:
        batch = data.batch("train", rows, None, random)
        logit, auxiliary = model(*tensors(data, batch, masks, random))
        target = F.binary_cross_entropy_with_logits(logit, torch.from_numpy(batch.label))
        optimiser.zero_grad()
        (target + auxiliary).backward()
        optimiser.step()
        samples += len(rows)
        target_sum += target.item() * len(rows)
        auxiliary_sum += auxiliary.item() * len(rows)
    return {"target": target_sum / samples, "auxiliary": auxiliary_sum / samples}


def main():
    parser = program.parser(__doc__.splitlines()[0])
    parser.add_argument("--attention", choices=("bilinear", "mlp"), default="bilinear")
    parser.add_argument("--auxiliary", choices=("dot", "mlp"), default="dot")
    parser.add_argument("--mask-unknown", type=float, default=0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    # Adam's moments of rows that are seldom read decay into denormal numbers, which are slow.
    torch.set_flush_denormal(True)
    random = np.random.default_rng(options.seed)
    data = Dataset(options.data, options.limit)
    masks = Masks(data, options.mask_unknown) if options.mask_unknown > 0 else None

    def made():
        model = Dien(data, options.attention, options.auxiliary)
        return model, torch.optim.Adam(model.parameters(), lr=options.learning_rate, fused=True)

    warm, clock = program.Clock(), program.Clock()
    with warm:
        train(*made(), data, data.by_length("train", options.batch_size, random)[:20], masks, random)
    model, optimiser = made()
    epochs = []
    for number in range(1, options.epochs + 1):
        with clock:
            batches = data.by_length("train", options.batch_size, random)
            losses = train(model, optimiser, data, batches, masks, random)
        epochs.append({"losses": losses} | {f"{split}_auc": evaluate(model, data, split) for split in ("valid", "test")})
        print(f"epoch {number}: {json.dumps(epochs[-1])}", file=sys.stderr)
    # As of `dien train`: the test samples are those of the best epoch.
    best = max(epochs, key=lambda epoch: epoch["valid_auc"])
    more = {"warm_up_seconds": warm.seconds, "best_epoch": 1 + epochs.index(best), "epochs": epochs}
    samples = options.epochs * data.count("train")
    program.report(options, ("torch", "numpy"), samples, clock, best["test_auc"], **more)


if __name__ == "__main__":
    main()
