"""DIEN of DeepCTR-Torch, trained by its own `fit`.

Its inputs have one fixed length: that of the longest history of the dataset. It has no sampler, so the negatives are columns,
drawn once before the clock starts. Its attention is the MLP of DIN alone. Its target loss
is a sum over the batch, and so `alpha` is the batch size for an auxiliary loss of the same weight. Its embeddings begin with a
standard deviation of .0001, of which one epoch makes little: .05 here, as everywhere.
"""

import program  # before torch
import numpy as np
import torch
from dataset import Dataset
from deepctr_torch.inputs import SparseFeat, VarLenSparseFeat
from deepctr_torch.models.dien import DIEN

WIDTH = 18


def columns_of(data):
    def one(prefix, field):
        return SparseFeat(prefix + field["name"], field["size"] + 1, embedding_dim=WIDTH, embedding_name=field["name"])

    sequences = [
        VarLenSparseFeat(one(prefix, field), maxlen=data.max_history, length_name="seq_length")
        for prefix in ("hist_", "neg_hist_")
        for field in data.fields["item"]
    ]
    return [one("", field) for field in data.other_fields + data.fields["item"]] + sequences


def inputs_of(data, split, random):
    """Columns by name; ids are one higher, for 0 is padding."""
    parts = []
    for first in range(0, data.count(split), 8192):
        rows = np.arange(first, min(data.count(split), first + 8192))
        batch = data.batch(split, rows, data.max_history, random)
        part = {field["name"]: batch.others[:, f] + 1 for f, field in enumerate(data.other_fields)}
        for f, field in enumerate(data.fields["item"]):
            ids, name = data.item_ids[:, f] + 1, field["name"]
            part[name] = ids[batch.candidate]
            part[f"hist_{name}"] = np.where(batch.mask, ids[batch.history], 0)
            part[f"neg_hist_{name}"] = np.where(batch.mask, ids[batch.negatives], 0)
        parts.append({name: column.astype(np.int32) for name, column in (part | {"seq_length": batch.length}).items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def main():
    options = program.parser(__doc__.splitlines()[0]).parse_args()
    torch.set_num_threads(options.threads)
    data = Dataset(options.data, options.limit)
    random = np.random.default_rng(options.seed)
    items = [field["name"] for field in data.fields["item"]]

    def made():
        model = DIEN(
            columns_of(data),
            items,
            gru_type="AUGRU",
            use_negsampling=True,
            alpha=float(options.batch_size),
            dnn_hidden_units=(200, 80),
            dnn_activation="prelu",
            att_hidden_units=(80, 40),
            att_activation="sigmoid",
            l2_reg_embedding=0,
            init_std=0.05,
            seed=options.seed,
            device="cpu",
        )
        adam = torch.optim.Adam(model.parameters(), lr=options.learning_rate)
        model.compile(adam, "binary_crossentropy", metrics=[])
        return model

    inputs, label = inputs_of(data, "train", random), data.splits["train"]["label"].astype(np.float32)
    settings = {"batch_size": options.batch_size, "verbose": 0}
    warm, clock = program.Clock(), program.Clock()
    with warm:
        some = 3 * options.batch_size
        made().fit({name: column[:some] for name, column in inputs.items()}, label[:some], epochs=1, **settings)
    model = made()
    with clock:
        model.fit(inputs, label, epochs=options.epochs, **settings)
    scores = model.predict(inputs_of(data, "test", random), 1024)[:, 0]
    auc = program.auc(data.splits["test"]["label"], scores)
    samples = options.epochs * len(label)
    program.report(options, ("deepctr-torch", "torch", "numpy"), samples, clock, auc, warm_up_seconds=warm.seconds)


if __name__ == "__main__":
    main()
