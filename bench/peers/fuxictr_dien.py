"""DIEN of FuxiCTR (model_zoo/LongCTR/DIEN of its package), with its own loader of histories and its own trainer.

That loader keeps a user's history once and pads a batch to its longest (behind the history: the model packs what is padded).
The model has AUGRU, bilinear attention, sums over the history, and no auxiliary loss: less work than the others do.
"""

import program  # before torch
import json
import pathlib
import tempfile

import numpy as np
import pandas
import torch
from dataset import Dataset
from fuxictr.features import FeatureMap
from fuxictr.pytorch.torch_utils import seed_everything
from model_zoo.LongCTR.DIEN.DIEN import DIEN
from model_zoo.LongCTR.longctr_dataloader import LongCTRDataLoader

WIDTH = 18


def write(data, folder):
    """The dataset as the loader reads it: samples, histories, items, and which features there are. Id 0 is padding."""
    items = {field["name"]: np.append(0, data.item_ids[:, f] + 1) for f, field in enumerate(data.fields["item"])}
    pandas.DataFrame({"item_index": np.arange(len(data.item_ids) + 1)} | items).to_parquet(folder / "items.parquet")
    # A history is what of its sequence stands before the sample. Rows are one higher: row 0 is padding.
    histories = []
    for split in ("train", "test"):
        columns = data.splits[split]
        others = {field["name"]: columns["others"][:, f] + 1 for f, field in enumerate(data.other_fields)}
        index = {"user_index": len(histories) + columns["sequence"], "seq_len": columns["length"]}
        if (columns["first"] != data.offsets[columns["sequence"]]).any():
            # Histories that do not begin with their sequence have a line of their own.
            index["user_index"] = len(histories) + np.arange(len(columns["label"]))
            histories += [
                data.behaviours[first : first + length] + 1
                for first, length in zip(columns["first"], columns["length"])
            ]
        else:
            histories += [data.behaviours[a:b] + 1 for a, b in zip(data.offsets, data.offsets[1:])]
        samples = others | index | {"item_index": columns["item"] + 1, "label": columns["label"]}
        pandas.DataFrame(samples).to_parquet(folder / f"{split}.parquet")
    pandas.DataFrame({"full_item_seq": histories}).to_parquet(folder / "histories.parquet")

    def feature(field, source):
        size = field["size"] + 1
        return {field["name"]: {"source": source, "type": "categorical", "padding_idx": 0, "vocab_size": size}}

    features = [feature(field, "user") for field in data.other_fields]
    features += [feature(field, "item") for field in data.fields["item"]]
    meta = [{name: {"type": "meta"}} for name in ("user_index", "seq_len", "item_index")]
    about = {"dataset_id": folder.name, "num_fields": len(features), "total_features": 0, "input_length": 0}
    document = about | {"labels": ["label"], "features": features + meta}
    (folder / "feature_map.json").write_text(json.dumps(document))


def main():
    options = program.parser(__doc__.splitlines()[0]).parse_args()
    torch.set_num_threads(options.threads)
    data = Dataset(options.data, options.limit)
    with tempfile.TemporaryDirectory(prefix="fuxictr-") as name:
        folder = pathlib.Path(name)
        write(data, folder)
        settings = {
            "dataset_id": folder.name,
            "model_root": str(folder),
            "embedding_dim": WIDTH,
            "optimizer": "adam",
            "loss": "binary_crossentropy",
            "task": "binary_classification",
            "metrics": ["AUC"],
            "monitor": "AUC",
            "monitor_mode": "max",
            "learning_rate": options.learning_rate,
            "dnn_hidden_units": [200, 80],
            "dnn_activations": "PReLU",
            "batch_norm": False,
            "gru_type": "AUGRU",
            "enable_sum_pooling": True,
            "attention_type": "bilinear_attention",
            "gpu": -1,
            "verbose": 0,
        }
        features = FeatureMap(folder.name, str(folder))
        features.load(str(folder / "feature_map.json"), settings)

        def loader(split, size, shuffle):
            paths = [str(folder / file) for file in (f"{split}.parquet", "histories.parquet", "items.parquet")]
            kept = {"batch_size": size, "max_len": data.max_history, "padding": "post", "num_workers": 0}
            return LongCTRDataLoader(features, *paths, shuffle=shuffle, **kept)

        def made():
            seed_everything(seed=options.seed)
            model = DIEN(features, **settings)
            # What `fit` sets; it would evaluate within the epoch.
            model._max_gradient_norm, model._eval_steps, model._stop_training = 10.0, 10**9, False
            model._total_steps = model._epoch_index = model._batch_index = 0
            return model

        train = loader("train", options.batch_size, True)
        warm, clock = program.Clock(), program.Clock()
        with warm:
            model, batches = made(), iter(train)
            for _ in range(10):
                model.train_step(next(batches))
        model = made()
        for _ in range(options.epochs):
            with clock:
                model.train_epoch(train)
        auc = model.evaluate(loader("test", 1024, False))["AUC"]
    samples = options.epochs * data.count("train")
    more = {"warm_up_seconds": warm.seconds, "auxiliary_loss": False}
    program.report(options, ("fuxictr", "torch", "numpy"), samples, clock, auc, **more)


if __name__ == "__main__":
    main()
