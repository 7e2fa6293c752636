"""The one reader of dataset folders (`dien prepare`, docs/data-format.md) for all peers, and batches of their samples.

B samples, T steps, F fields. Ids are those of the fields' own vocabularies; an item is a row of the catalogue.
"""

import json
import pathlib
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as parquet

VERSION = 4


class Batch(NamedTuple):
    others: np.ndarray  # [B, F] ids of the user's and the context's fields
    candidate: np.ndarray  # [B] catalogue rows
    history: np.ndarray  # [B, T] catalogue rows, oldest first; 0 where there is none
    negatives: np.ndarray | None  # [B, T] catalogue rows, of step t one that was not clicked there
    mask: np.ndarray  # [B, T] whether there is a behaviour
    length: np.ndarray  # [B]
    label: np.ndarray  # [B] float32


class Dataset:
    """A folder whose fields have one id each."""

    def __init__(self, folder, limit=0):
        """With `limit`, so many training samples, picked at random, the same in every program."""
        self.folder = pathlib.Path(folder)
        manifest = json.loads((self.folder / "dataset.json").read_text())
        if manifest["format"] != "dien-dataset" or manifest["version"] != VERSION:
            raise SystemExit(f"{folder}: expected version {VERSION} of dien-dataset, found {manifest['version']}")
        self.fields = manifest["fields"]
        for field in sum(self.fields.values(), []):
            if field.get("list") or field["transform"]["kind"] == "value":
                raise SystemExit(f"{folder}: expected fields of one category each, found {field['name']}")
        self.other_fields = self.fields["user"] + self.fields["context"]
        self.max_history = manifest["maxHistory"]
        items = parquet.read_table(self.folder / "items.parquet")
        # [catalogue rows, item fields]
        self.item_ids = np.stack([items[f["name"]].to_numpy() for f in self.fields["item"]], 1).astype(np.int64)
        sequences = parquet.read_table(self.folder / "sequences.parquet")
        behaviours = sequences["items"].combine_chunks()
        self.behaviours = behaviours.values.to_numpy().astype(np.int64)
        self.offsets = behaviours.offsets.to_numpy().astype(np.int64)
        lengths = np.diff(self.offsets)
        place = np.arange(len(self.behaviours)) - np.repeat(self.offsets[:-1], lengths)
        own = place - np.repeat(sequences["repeated"].to_numpy(), lengths)
        in_training = (own >= 0) & (own < np.repeat(sequences["training"].to_numpy(), lengths))
        # Negatives are drawn from the behaviours of the training part, so by popularity.
        self.popularity = self.behaviours[in_training]
        # Bit r of row s: whether catalogue row r is in sequence s.
        self._own = np.zeros((len(lengths), (len(self.item_ids) + 7) // 8), np.uint8)
        sequence = np.repeat(np.arange(len(lengths)), lengths)
        bits = (1 << (self.behaviours & 7)).astype(np.uint8)
        np.bitwise_or.at(self._own, (sequence, self.behaviours >> 3), bits)
        self.splits = {split: self._samples(self.folder / f"{split}.parquet") for split in ("train", "valid", "test")}
        train = self.splits["train"]
        if 0 < limit < len(train["label"]):
            kept = np.sort(np.random.default_rng(0).permutation(len(train["label"]))[:limit])
            self.splits["train"] = {name: column[kept] for name, column in train.items()}

    def _samples(self, path):
        table = parquet.read_table(path)
        names = ("label", "sequence", "position", "length", "item")
        columns = {name: table[name].to_numpy().astype(np.int64) for name in names}
        others = [table[field["name"]].to_numpy().astype(np.int64) for field in self.other_fields]
        columns["others"] = np.stack(others, 1) if others else np.empty((len(table), 0), np.int64)
        columns["first"] = self.offsets[columns["sequence"]] + columns["position"] - columns["length"]
        return columns

    def count(self, split):
        return len(self.splits[split]["label"])

    def draw(self, sequence, shape, random):
        """Catalogue rows [B, T], by popularity, of sequence[b] none of its own items."""
        drawn = self.popularity[random.integers(len(self.popularity), size=shape)]
        for _ in range(100):
            own = np.nonzero((self._own[sequence[:, None], drawn >> 3] >> (drawn & 7)) & 1)
            if not len(own[0]):
                break
            drawn[own] = self.popularity[random.integers(len(self.popularity), size=len(own[0]))]
        return drawn

    def batch(self, split, rows, steps=None, random=None):
        """The samples `rows`, padded to `steps` (the longest of them, where none are given); negatives with `random` only."""
        samples = self.splits[split]
        length = samples["length"][rows]
        at = np.arange(max(1, length.max()) if steps is None else steps)
        mask = at < length[:, None]
        history = np.where(mask, self.behaviours[np.where(mask, samples["first"][rows][:, None] + at, 0)], 0)
        negatives = None
        if random is not None:
            negatives = np.where(mask, self.draw(samples["sequence"][rows], history.shape, random), 0)
        label = samples["label"][rows].astype(np.float32)
        return Batch(samples["others"][rows], samples["item"][rows], history, negatives, mask, length, label)

    def by_length(self, split, size, random=None, edges=None):
        """Rows of batches of like lengths: with `random` in random order, samples of equal length shuffled before.

        With `edges` (rising), the lengths of a batch lie between the same two of them: for programs that are compiled for
        certain lengths.
        """
        length = self.splits[split]["length"]
        order = np.arange(len(length)) if random is None else random.permutation(len(length))
        if edges is None:
            groups = [order[np.argsort(length[order], kind="stable")]]
        else:
            group = np.searchsorted(edges, np.maximum(length[order], 1))
            groups = [order[group == g] for g in range(len(edges))]
        batches = [rows[i : i + size] for rows in groups for i in range(0, len(rows), size)]
        return batches if random is None else [batches[i] for i in random.permutation(len(batches))]
