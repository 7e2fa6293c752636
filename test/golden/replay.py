"""Estimates of Open Bandit Pipeline (obp 0.4.1 of PyPI) for a made-up log: python replay.py > replay.json"""
import json

import numpy as np
from obp.ope import DoublyRobust, InverseProbabilityWeighting, SelfNormalizedInverseProbabilityWeighting

rounds, items = 40, 5
random = np.random.default_rng(7)
logging, policy = random.dirichlet(np.ones(items), rounds), random.dirichlet(np.ones(items), rounds)
predicted = random.uniform(0, 0.5, (rounds, items))
action = np.array([random.choice(items, p=p) for p in logging])
reward = random.binomial(1, 0.4, rounds)
at = np.arange(rounds)
log = dict(
    reward=reward,
    action=action,
    position=np.zeros(rounds, int),
    pscore=logging[at, action],
    action_dist=policy[:, :, None],
)
rows = [
    dict(
        reward=int(reward[i]),
        propensity=float(logging[i, action[i]]),
        target=float(policy[i, action[i]]),
        predicted=float(predicted[i, action[i]]),
        expected=float(policy[i] @ predicted[i]),
    )
    for i in at
]
estimate = lambda estimator, **more: float(estimator.estimate_policy_value(**log, **more))
print(
    json.dumps(
        dict(
            rows=rows,
            ips=estimate(InverseProbabilityWeighting()),
            snips=estimate(SelfNormalizedInverseProbabilityWeighting()),
            dr=estimate(DoublyRobust(), estimated_rewards_by_reg_model=predicted[:, :, None]),
        )
    )
)
