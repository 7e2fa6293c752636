"""Writes calibration.json beside this file: calibrations by scikit-learn and scipy, in float64.

Independent of the project: logistic regressions are LogisticRegression without a penalty, on each sample twice (once as
clicked, once as not, weighted by Platt's targets); that with a bound on its slopes is scipy's L-BFGS-B; steps are those of
IsotonicRegression, and between their centres numpy interpolates.
Run: pip install scikit-learn, then python3 calibration.py   (scikit-learn 1.9.1, scipy 1.17.1 wrote the file that is here)
"""
import json, pathlib
import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(19991999)
GRID = np.float32([0.0005, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.9999]).astype(float)
LEAST_SLOPE = 0.01


def rounded(x):
    return [float(f"{v:.12g}") for v in np.ravel(x)]


def targets(label, weight):
    plus, minus = weight[label == 1].sum(), weight[label == 0].sum()
    return np.where(label == 1, (plus + 1) / (plus + 2), 1 / (minus + 2))


def logistic(features, label, weight):
    """Slopes and intercept for Platt's targets."""
    t = targets(label, weight)
    model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000, solver="newton-cholesky")
    model.fit(np.vstack([features, features]), np.repeat([1, 0], len(label)), np.concatenate([weight * t, weight * (1 - t)]))
    return [*model.coef_[0], model.intercept_[0]]


def bounded(features, label, weight):
    """The same where slopes are at least LEAST_SLOPE."""
    t = targets(label, weight)
    x = np.column_stack([features, np.ones(len(label))])

    def loss(theta):
        z = x @ theta
        return (weight * (np.logaddexp(0, z) - t * z)).sum(), x.T @ (weight * (expit(z) - t))

    bounds = [(LEAST_SLOPE, None)] * features.shape[1] + [(None, None)]
    found = minimize(loss, np.full(x.shape[1], 0.5), jac=True, bounds=bounds, method="L-BFGS-B",
                     options={"ftol": 1e-16, "gtol": 1e-12, "maxiter": 10_000})
    return found.x


def isotonic(score, label, weight):
    """Steps by distinct score, and what interpolation between their centres gives on the grid."""
    distinct = np.unique(score)
    steps = IsotonicRegression().fit(score, label, weight).predict(distinct)
    at = IsotonicRegression().fit(score, label, weight).predict(score)
    values = np.unique(at)
    centres = np.array([np.average(logit(score[at == v]), weights=weight[at == v]) for v in values])
    sizes = np.array([weight[at == v].sum() for v in values])
    shares = values.copy()
    if shares[0] == 0:
        shares[0] = min(1 / (sizes[0] + 2), shares[1] / 2)
    if shares[-1] == 1:
        shares[-1] = max((sizes[-1] + 1) / (sizes[-1] + 2), (1 + shares[-2]) / 2)
    x, y = logit(GRID), logit(shares)
    z = np.where(x < centres[0], y[0] + x - centres[0],
                 np.where(x > centres[-1], y[-1] + x - centres[-1], np.interp(x, centres, y)))
    return {"distinct": rounded(distinct), "steps": rounded(steps), "calibrated": rounded(expit(z))}


def case(name, true_odds, samples=240, weighted=False):
    score = np.float32(np.round(expit(rng.normal(-0.4, 1.6, samples)), 2).clip(0.01, 0.99)).astype(float)
    label = (rng.random(samples) < expit(true_odds(score))).astype(int)
    weight = rng.integers(1, 5, samples).astype(float) if weighted else np.ones(samples)
    weight *= samples / weight.sum()
    both = np.column_stack([np.log(score), -np.log1p(-score)])
    platt, beta = logistic(logit(score)[:, None], label, weight), logistic(both, label, weight)
    if min(beta[:2]) < LEAST_SLOPE:
        beta = bounded(both, label, weight)
    x = np.column_stack([np.log(GRID), -np.log1p(-GRID)])
    return {
        "name": name, "score": rounded(score), "label": label.tolist(), "weight": rounded(weight),
        "platt": {"fit": rounded(platt), "calibrated": rounded(expit(platt[0] * logit(GRID) + platt[1]))},
        "beta": {"fit": rounded(beta), "calibrated": rounded(expit(x @ beta[:2] + beta[2]))},
        "isotonic": isotonic(score, label, weight),
    }


cases = [
    case("too sure", lambda s: 0.4 * logit(s) - 0.7),
    case("bent", lambda s: 0.3 * np.log(s) - 2.2 * np.log1p(-s) - 0.8),
    case("bent beyond the bound", lambda s: 1.1 * np.log(s) + 0.9 * np.log1p(-s) + 1.2, samples=300),
    case("weighted", lambda s: 1.4 * logit(s) + 0.5, weighted=True),
]
rates = [{"rate": w, "before": p, "after": p / (p + (1 - p) / w)} for w in (1, 0.5, 0.02) for p in (0.001, 0.2, 0.97)]
text = {"note": "fit: slopes, then the intercept; calibrated: probabilities of the scores of grid", "grid": rounded(GRID),
        "cases": cases, "rates": rates}
(HERE / "calibration.json").write_text(json.dumps(text) + "\n")
for each in cases:
    print(each["name"], each["platt"]["fit"], each["beta"]["fit"], len(set(each["isotonic"]["steps"])))
