"""All fields in one table: ids, the rows that a batch touches, and the weights that training begins with.

Two peers are written for speed, and for them one table is one look-up and one scatter. A batch of B samples and T steps is one
list of ids: B * others, B * item fields, T * B * item fields of the history, and (T-1) * B * item fields of its negatives, those
of steps 1 to T-1, time-major. `parts` takes the rows that were looked up apart again.
"""

import numpy as np

EMBEDDING = 18
HEAD = (200, 80)


class JointIds:
    def __init__(self, data):
        self.others = len(data.other_fields)
        self.item_fields = len(data.fields["item"])
        self.hidden = EMBEDDING * self.item_fields
        sizes = [field["size"] for field in data.other_fields + data.fields["item"]]
        first = np.cumsum([0] + sizes)
        self.rows = int(first[-1])
        self._first_other = first[: self.others]
        self._items = data.item_ids + first[self.others : -1]
        self._marks = np.zeros(self.rows, bool)
        self._local = np.zeros(self.rows, np.int64)

    def ids(self, batch):
        lists = [batch.others + self._first_other, self._items[batch.candidate], self._items[batch.history.T]]
        if batch.negatives is not None:
            lists.append(self._items[batch.negatives.T[1:]])
        return np.concatenate([ids.ravel() for ids in lists])

    def touched(self, ids):
        """The distinct ids, ascending, and for each id its place among them."""
        self._marks[ids] = True
        distinct = np.flatnonzero(self._marks)
        self._marks[distinct] = False
        self._local[distinct] = np.arange(len(distinct))
        return distinct, self._local[ids]

    def most_touched(self, size, steps):
        """No batch of so many samples and steps touches more rows."""
        return min(self.rows, size * (self.others + 2 * steps * self.item_fields))

    def parts(self, rows, size, steps):
        """[ids, EMBEDDING] -> others [B, .], candidate [B, H], history [T, B, H], negatives [T-1, B, H] or None."""
        at = np.cumsum([size * self.others, size * self.item_fields, steps * size * self.item_fields])
        others, candidate, history = rows[: at[0]], rows[at[0] : at[1]], rows[at[1] : at[2]]
        negatives = rows[at[2] :].reshape(steps - 1, size, self.hidden) if rows.shape[0] > at[2] else None
        return (
            others.reshape(size, self.others * EMBEDDING),
            candidate.reshape(size, self.hidden),
            history.reshape(steps, size, self.hidden),
            negatives,
        )

    def weights(self, random):
        """Initial dense weights, by the names of `dien`; gates of a recurrence stand as update | reset | candidate."""
        hidden = self.hidden
        widths = (EMBEDDING * self.others + 4 * hidden, *HEAD, 1)
        weights = {"attention.W": np.eye(hidden)}
        for layer in ("extractor", "evolution"):
            weights[f"{layer}.W"] = glorot(random, hidden, 3 * hidden)
            weights[f"{layer}.U"] = glorot(random, hidden, 3 * hidden)
            weights[f"{layer}.b"] = np.zeros(3 * hidden)
        for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
            weights[f"mlp.{i}.W"] = glorot(random, inputs, outputs)
            weights[f"mlp.{i}.b"] = np.zeros(outputs)
            if i < len(HEAD):
                weights[f"mlp.{i}.slope"] = np.full(outputs, 0.1)
        return {name: value.astype(np.float32) for name, value in weights.items()}

    def table(self, random):
        return random.normal(0, 0.05, (self.rows, EMBEDDING)).astype(np.float32)


def glorot(random, inputs, outputs):
    """https://proceedings.mlr.press/v9/glorot10a.html, eq. 16."""
    bound = np.sqrt(6 / (inputs + outputs))
    return random.uniform(-bound, bound, (inputs, outputs))
