"""DIEN in eager PyTorch: what `dien train --model dien` is measured against (README.md).

Trains on a prepared dataset folder and prints one JSON document. The same mathematics as the project's own model
(https://arxiv.org/abs/1809.03672, reset gate after the recurrent product), as a careful user writes it in PyTorch:
batches of similar lengths, padded to the longest of the batch; nn.GRU for the extractor; a loop over steps for AUGRU.

B samples, T steps, D item vector, H = D hidden.
"""

import argparse
import json
import pathlib
import sys
import time

import numpy as np
import pyarrow.parquet as parquet
import torch
from torch import nn
from torch.nn import functional as F


class Dataset:
    """A folder that `dien prepare` wrote: arrays of ids and catalogue rows."""

    def __init__(self, folder, mask_unknown):
        folder = pathlib.Path(folder)
        manifest = json.loads((folder / "dataset.json").read_text())
        if manifest["format"] != "dien-dataset" or manifest["version"] != 4:
            raise SystemExit(f"{folder}: expected version 4 of dien-dataset, found {manifest['version']}")
        self.fields = manifest["fields"]
        for field in sum(self.fields.values(), []):
            if field.get("list") or field["transform"]["kind"] == "value":
                raise SystemExit(f"{folder}: expected fields of one category each, found {field['name']}")
        # How often a training sample has a value read as unknown: a / (a + n), of one that training has n times.
        self.mask_shares = {
            kind: [self._mask_shares(folder, field, mask_unknown) for field in fields]
            for kind, fields in (("item", self.fields["item"]), ("other", self.fields["user"] + self.fields["context"]))
        }
        self.max_history = manifest["maxHistory"]
        items = parquet.read_table(folder / "items.parquet")
        self.item_ids = np.stack([items[f["name"]].to_numpy() for f in self.fields["item"]], 1).astype(np.int64)
        sequences = parquet.read_table(folder / "sequences.parquet")
        behaviours = sequences["items"].combine_chunks()
        self.behaviours = behaviours.values.to_numpy().astype(np.int64)
        self.offsets = behaviours.offsets.to_numpy().astype(np.int64)
        place = np.arange(len(self.behaviours)) - np.repeat(self.offsets[:-1], np.diff(self.offsets))
        own = place - np.repeat(sequences["repeated"].to_numpy(), np.diff(self.offsets))
        in_training = (own >= 0) & (own < np.repeat(sequences["training"].to_numpy(), np.diff(self.offsets)))
        self.popularity = self.behaviours[in_training]
        self.splits = {split: self._samples(folder / f"{split}.parquet") for split in ("train", "valid", "test")}

    @staticmethod
    def _mask_shares(folder, field, strength):
        shares = np.zeros(field["size"])
        vocabulary = parquet.read_table(folder / "vocabulary" / f"{field['name']}.parquet")
        shares[vocabulary["id"].to_numpy()] = strength / (strength + vocabulary["count"].to_numpy())
        return shares

    def masked(self, ids, kind, draws):
        """Reads rare values as unknown: ids [B, ..., fields], a value in the same samples wherever it stands there."""
        draws = draws.reshape(-1, *[1] * (ids.ndim - 2))
        columns = enumerate(self.mask_shares[kind])
        masks = [uniform(draws + np.uint64(k), ids[..., k]) < share[ids[..., k]] for k, share in columns]
        return np.where(np.stack(masks, -1), 0, ids) if masks else ids

    def _samples(self, path):
        table = parquet.read_table(path)
        names = [f["name"] for f in self.fields["user"] + self.fields["context"]]
        columns = {name: table[name].to_numpy() for name in ("label", "sequence", "position", "length", "item")}
        others = [table[name].to_numpy() for name in names]
        columns["others"] = np.stack(others, 1).astype(np.int64) if others else np.empty((len(table), 0), np.int64)
        return columns

    def batches(self, split, size, random=None):
        """Yields others [B, fields], candidate [B, fields], history and negatives [B, T, fields], mask [B, T], label [B].

        A batch holds samples of similar lengths, so little of it is padding. With `random`, samples of equal length and
        then the batches are shuffled, each behaviour gets a negative, sampled by popularity, and rare values are masked;
        without it the order is fixed and there are no negatives.
        """
        samples = self.splits[split]
        count = len(samples["label"])
        order = random.permutation(count) if random else np.arange(count)
        order = order[np.argsort(samples["length"][order], kind="stable")]
        starts = np.arange(0, count, size)
        if random:
            random.shuffle(starts)
        for start in starts:
            rows = order[start : start + size]
            length = samples["length"][rows].astype(np.int64)
            steps = np.arange(max(1, length.max()))
            mask = steps < length[:, None]
            first = self.offsets[samples["sequence"][rows]] + samples["position"][rows] - length
            history = np.where(mask, self.behaviours[np.where(mask, first[:, None] + steps, 0)], 0)
            others, negatives = samples["others"][rows], None
            candidate, behaviours = self.item_ids[samples["item"][rows]], self.item_ids[history]
            if random:
                sampled = self.popularity[random.integers(len(self.popularity), size=history.shape)]
                draws = random.integers(2**63, size=len(rows), dtype=np.uint64)
                others = self.masked(others, "other", draws)
                candidate, behaviours = (self.masked(ids, "item", draws) for ids in (candidate, behaviours))
                negatives = torch.from_numpy(self.masked(self.item_ids[sampled], "item", draws))
            yield (
                torch.from_numpy(others),
                torch.from_numpy(candidate),
                torch.from_numpy(behaviours),
                negatives,
                torch.from_numpy(mask),
                torch.from_numpy(samples["label"][rows].astype(np.float32)),
            )


def uniform(key, value):
    """A number in [0, 1) for a random key and a value: the finaliser of SplitMix64."""
    x = key ^ (value.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (x ^ (x >> np.uint64(31))) / 2**64


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
    def __init__(self, fields, attention, auxiliary):
        super().__init__()
        self.items = Embeddings(fields["item"], 18)
        self.others = Embeddings(fields["user"] + fields["context"], 18)
        width = self.items.width
        self.extractor = nn.GRU(width, width, batch_first=True)
        self.attention = (BilinearAttention if attention == "bilinear" else MlpAttention)(width, width)
        self.evolution = Augru(width)
        self.auxiliary = None
        if auxiliary == "mlp":
            self.auxiliary = nn.Sequential(
                linear(2 * width, 100), nn.Sigmoid(), linear(100, 50), nn.Sigmoid(), linear(50, 1)
            )
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


def auc(label, score):
    """Probability that a positive scores above a negative, ties one half."""
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place]
    positives = label.sum()
    negatives = len(label) - positives
    return float((rank[label > 0].sum() - positives * (positives + 1) / 2) / (positives * negatives))


@torch.no_grad()
def evaluate(model, data, split):
    labels, scores = [], []
    for *inputs, label in data.batches(split, 512):
        labels.append(label.numpy())
        scores.append(model(*inputs)[0].numpy())
    return auc(np.concatenate(labels), np.concatenate(scores))


def train_epoch(model, optimiser, data, batch_size, random):
    start = time.perf_counter()
    samples = total = total_auxiliary = 0.0
    for *inputs, label in data.batches("train", batch_size, random):
        logit, auxiliary = model(*inputs)
        loss = F.binary_cross_entropy_with_logits(logit, label)
        optimiser.zero_grad()
        (loss + auxiliary).backward()
        optimiser.step()
        samples += len(label)
        total += loss.item() * len(label)
        total_auxiliary += auxiliary.item() * len(label)
    seconds = time.perf_counter() - start
    return {
        "train_loss": total / samples,
        "auxiliary_loss": total_auxiliary / samples,
        "seconds": seconds,
        "samples_per_s": samples / seconds,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder that `dien prepare` wrote")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=0.002)
    parser.add_argument("--attention", choices=("bilinear", "mlp"), default="bilinear")
    parser.add_argument("--auxiliary", choices=("dot", "mlp"), default="dot")
    parser.add_argument("--mask-unknown", type=float, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    # Adam's moments of rows that are seldom read decay into denormal numbers, which are slow.
    torch.set_flush_denormal(True)
    random = np.random.default_rng(options.seed)
    data = Dataset(options.data, options.mask_unknown)
    model = Dien(data.fields, options.attention, options.auxiliary)
    optimiser = torch.optim.Adam(model.parameters(), lr=options.learning_rate, fused=True)
    epochs = []
    for number in range(1, options.epochs + 1):
        model.train()
        epoch = train_epoch(model, optimiser, data, options.batch_size, random)
        model.eval()
        epochs.append(epoch | {f"{split}_auc": evaluate(model, data, split) for split in ("valid", "test")})
        print(f"epoch {number}: {json.dumps(epochs[-1])}", file=sys.stderr)
    best = max(epochs, key=lambda epoch: epoch["valid_auc"])
    print(
        json.dumps(
            {
                "model": "dien",
                "torch": torch.__version__,
                "seed": options.seed,
                "threads": options.threads,
                "parameters": sum(parameter.numel() for parameter in model.parameters()),
                "best_epoch": 1 + epochs.index(best),
                "test": {"auc": best["test_auc"]},
                "epochs": epochs,
            }
        )
    )


if __name__ == "__main__":
    main()
