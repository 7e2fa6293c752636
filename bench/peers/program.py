"""What the programs of all peers share: options, threads, the clock, the AUC, and the JSON document that each ends with.

To be imported before anything that starts threads of its own (numpy, torch, jax): they read their number from the environment.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import sys
import time


def _threads_of(words):
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_known_args(words)[0].threads


THREADS = _threads_of(sys.argv[1:])
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC"):
    os.environ[name] = str(THREADS)

import numpy as np  # noqa: E402


def parser(description, epochs=1):
    """Options of every peer; they stand for those of `dien train` with the same names."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--data", required=True, help="folder that `dien prepare` wrote")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--epochs", type=int, default=epochs)
    options.add_argument("--batch-size", type=int, default=128)
    options.add_argument("--learning-rate", type=float, default=0.002)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--limit", type=int, default=0, help="train on so many random samples only; 0: all")
    return options


class Clock:
    """Seconds spent within `with clock:`, added up."""

    seconds = 0.0

    def __enter__(self):
        self._start = time.perf_counter()

    def __exit__(self, *_):
        self.seconds += time.perf_counter() - self._start


def auc(label, score):
    """Probability that a positive scores above a negative, ties one half."""
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place.ravel()]
    positives = label.sum(dtype=np.float64)
    negatives = len(label) - positives
    return float((rank[label > 0].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def report(options, packages, samples, clock, test_auc, **more):
    """Prints the document: samples trained on, seconds of the epochs alone, the AUC on the test split after them."""
    versions = {name: importlib.metadata.version(name) for name in packages}
    document = {
        "versions": {"python": platform.python_version()} | versions,
        "threads": options.threads,
        "samples": samples,
        "seconds": clock.seconds,
        "samples_per_s": samples / clock.seconds,
        "test": {"auc": test_auc},
    }
    print(json.dumps(document | more), flush=True)
