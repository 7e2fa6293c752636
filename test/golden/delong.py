"""Writes delong.json beside this file: variances of correlated AUCs, from plain numpy in float64.

Independent of the project: all pairs are compared in a matrix, no ranks, no sorting. Without clusters the covariance
is that of DeLong et al. (1988), https://doi.org/10.2307/2531595: V10 and V01 are a row for each classifier, over
positives and over negatives. With clusters (users) it is that of Obuchowski (1997), https://doi.org/10.2307/2533958.
Run: python3 delong.py            (any numpy; 2.4 wrote the file that is here)
"""
import json, pathlib
import numpy as np

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(19882531)

users, samples = 80, 500
user = rng.integers(0, users, samples)
label = (rng.random(samples) < 0.4).astype(int)
taste = rng.normal(0, 0.6, users)[user]          # shifts all scores of a user: what makes clusters matter
common = rng.normal(0, 1, samples)


def scores(strength):
    raw = strength * label + taste + 0.7 * common + rng.normal(0, 0.7, samples)
    return np.round(1 / (1 + np.exp(-raw)), 2)   # two decimals: many ties


runs = np.stack([scores(1.1), scores(1.2), scores(0.9), scores(0.8)])   # two of A, two of B
positive, negative = label == 1, label == 0
m, n = int(positive.sum()), int(negative.sum())
psi = np.stack([(s[positive][:, None] > s[negative]) + 0.5 * (s[positive][:, None] == s[negative]) for s in runs])
auc = psi.mean(axis=(1, 2))
v10, v01 = psi.mean(axis=2), psi.mean(axis=1)
s10, s01 = np.cov(v10), np.cov(v01)              # over m - 1 and n - 1

# Sums within users, of deviations from the AUC.
t10, t01 = np.zeros((4, users)), np.zeros((4, users))
for r in range(4):
    np.add.at(t10[r], user[positive], v10[r] - auc[r])
    np.add.at(t01[r], user[negative], v01[r] - auc[r])
i10, i01, i = len(set(user[positive])), len(set(user[negative])), len(set(user))
b10 = i10 / ((i10 - 1) * m) * (t10 @ t10.T)
b01 = i01 / ((i01 - 1) * n) * (t01 @ t01.T)
b11 = i / (i - 1) * (t10 @ t01.T)
clustered = b10 / m + b01 / n + (b11 + b11.T) / (m * n)

(HERE / "delong.json").write_text(json.dumps({
    "note": "runs: rows are classifiers, the first two of A, the others of B. delong = s10/m + s01/n, clustered = Obuchowski's, "
            "both 4 x 4 covariances of the AUCs",
    "label": label.tolist(), "user": user.tolist(), "runs": runs.tolist(), "positives": m, "negatives": n,
    "auc": auc.tolist(), "s10": s10.tolist(), "s01": s01.tolist(),
    "delong": (s10 / m + s01 / n).tolist(), "clustered": clustered.tolist()}))
print("auc", auc, "deviation of run 0 - run 2", *(np.sqrt(c[0, 0] + c[2, 2] - 2 * c[0, 2]) for c in (s10 / m + s01 / n, clustered)))
