"""What gbstats and numpy say of the users that statistics.mjs drew: prints the largest relative differences."""
import json
import sys
from dataclasses import replace

import numpy as np
from gbstats.frequentist.tests import (
    FrequentistConfig, SequentialConfig, SequentialTwoSidedTTest, TwoSidedTTest)
from gbstats.models.statistics import (
    RatioStatistic, RegressionAdjustedStatistic, SampleMeanStatistic, compute_theta)
from gbstats.utils import check_srm
from scipy.stats import t

# Tails below this gbstats has from 1 - cdf, which has no more digits there.
LEAST_P = 1e-5


def mean(x):
    return SampleMeanStatistic(n=len(x), sum=float(x.sum()), sum_squares=float((x * x).sum()))


def ratio(x, y):
    return RatioStatistic(n=len(x), m_statistic=mean(x), d_statistic=mean(y), m_d_sum_of_products=float((x * y).sum()))


def cuped(arms):
    stats = [RegressionAdjustedStatistic(
        n=len(a), post_statistic=mean(a[:, 0]), pre_statistic=mean(a[:, 2]),
        post_pre_sum_of_products=float((a[:, 0] * a[:, 2]).sum()), theta=0) for a in arms]
    theta = compute_theta(*stats)
    return [replace(s, theta=theta) for s in stats]


def gbstats(stats, kind, tuning=None):
    if tuning is None:
        test = TwoSidedTTest(*stats, FrequentistConfig(difference_type=kind))
    else:
        test = SequentialTwoSidedTTest(
            *stats, SequentialConfig(difference_type=kind, sequential_tuning_parameter=tuning))
    r = test.compute_result()
    return dict(value=r.expected, low=r.ci[0], high=r.ci[1], p=r.p_value)


def linear(arms, post, pre):
    """By rows: each user's part of the adjusted metric, from a regression of linearised values over all users."""
    def parts(a, columns, of):
        if len(columns) == 1:
            return a[:, columns[0]].mean(), a[:, columns[0]] - a[:, columns[0]].mean()
        x, y = a[:, columns[0]], a[:, columns[1]]
        r = of[:, columns[0]].sum() / of[:, columns[1]].sum()
        return x.sum() / y.sum(), (x - r * y) / of[:, columns[1]].mean()
    both = np.concatenate(arms)
    after, before = parts(both, post, both)[1], parts(both, pre, both)[1]
    theta = np.cov(after, before)[0, 1] / before.var(ddof=1)
    out = []
    for a in arms:
        (value, rows), (prior, rows_before) = parts(a, post, a), parts(a, pre, a)
        out.append((value - theta * prior, rows - theta * rows_before, value, rows))
    return out


def by_rows(arms, post, pre, kind):
    (a, rows_a, base, rows_base), (b, rows_b, _, _) = linear(arms, post, pre)
    va, vb = rows_a.var(ddof=1) / len(rows_a), rows_b.var(ddof=1) / len(rows_b)
    df = (va + vb) ** 2 / (va ** 2 / (len(rows_a) - 1) + vb ** 2 / (len(rows_b) - 1))
    value, error = b - a, np.sqrt(va + vb)
    if kind == "relative":
        value /= base
        error = np.sqrt((rows_a + value * rows_base).var(ddof=1) / len(rows_a) + vb) / base
    half = t.ppf(0.975, df) * error
    return dict(value=value, low=value - half, high=value + half, p=2 * t.sf(abs(value / error), df))


worst = {}
cases = json.load(sys.stdin)
for case in cases:
    arms = [np.array(a, dtype=float) for a in case["users"]]
    means = [mean(a[:, 0]) for a in arms]
    ratios = [ratio(a[:, 0], a[:, 1]) for a in arms]
    theirs = {
        "mean": gbstats(means, "absolute"),
        "meanRelative": gbstats(means, "relative"),
        "ratio": gbstats(ratios, "absolute"),
        "ratioRelative": gbstats(ratios, "relative"),
        "sequential": gbstats(means, "absolute", case["tuning"]),
        "sequentialRatio": gbstats(ratios, "relative", case["tuning"]),
        "cuped": gbstats(cuped(arms), "absolute"),
        "cupedRelative": by_rows(arms, [0], [2], "relative"),
        "cupedRatio": by_rows(arms, [0, 1], [2, 3], "absolute"),
        "cupedRatioRelative": by_rows(arms, [0, 1], [2, 3], "relative"),
    }
    sizes = [len(a) for a in arms]
    worst["sampleRatio"] = max(worst.get("sampleRatio", 0), abs(case["ours"]["sampleRatio"] - check_srm(sizes, [0.5, 0.5])))
    for name, reading in theirs.items():
        ours = case["ours"][name]
        scale = abs(reading["high"] - reading["low"])
        for key in ("value", "low", "high"):
            worst[name] = max(worst.get(name, 0), abs(ours[key] - reading[key]) / scale)
        if reading["p"] > LEAST_P:
            worst[name] = max(worst[name], abs(ours["p"] / reading["p"] - 1))
for name, difference in worst.items():
    print(f"{name:20} {difference:.1e}")
print(f"{len(cases)} cases")
sys.exit(1 if max(worst.values()) > 1e-8 else 0)
