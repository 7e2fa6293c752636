"""Writes bags.json: sums and means of the rows of a table, and the gradient of the table, in exact fractions.

Independent of the project: the gradient is not derived. The loss sum_i dy_i . y_i is linear in the table, so the derivative
by an element is what the loss gains where that element is one larger. Run: python3 bags.py
"""
import json, pathlib, random, struct
from fractions import Fraction

random.seed(20181)
float32 = lambda x: struct.unpack("f", struct.pack("f", x))[0]
ROWS, COLS = 7, 5
bags = [[3], [0], [], [5, 1], [2, 2, 6], [1, 4, 0, 6], [6, 5, 4, 3], []]
table = [[float32(random.gauss(0, 1)) for _ in range(COLS)] for _ in range(ROWS)]
dy = [[float32(random.gauss(0, 1)) for _ in range(COLS)] for _ in bags]


def pooled(rows, pooling):
    out = []
    for bag in bags:
        sums = [sum((Fraction(rows[row][c]) for row in bag), Fraction(0)) for c in range(COLS)]
        out.append([s / len(bag) if pooling == "mean" and bag else s for s in sums])
    return out


def loss(rows, pooling):
    return sum(Fraction(d) * y for ds, ys in zip(dy, pooled(rows, pooling)) for d, y in zip(ds, ys))


def gradient(pooling):
    before = loss(table, pooling)
    def derivative(row, col):
        moved = [list(map(Fraction, values)) for values in table]
        moved[row][col] += 1
        return float(loss(moved, pooling) - before)
    return [derivative(row, col) for row in range(ROWS) for col in range(COLS)]


flat = lambda rows: [float(f"{float(x):.9g}") for row in rows for x in row]
golden = {"note": "Bags of rows of a table [7, 5]; dy is the gradient of what was looked up.", "rows": ROWS, "cols": COLS,
          "bags": bags, "table": flat(table), "dy": flat(dy)}
for pooling in ("sum", "mean"):
    golden[pooling] = {"y": flat(pooled(table, pooling)), "gradient": [float(f"{g:.9g}") for g in gradient(pooling)]}
pathlib.Path(__file__).with_name("bags.json").write_text(json.dumps(golden) + "\n")
