"""GRU and AUGRU of JAX: a scan over the steps, its backward a second scan that is written by hand.

Differentiated by JAX, the backward scan would add up the gradient of the weight step by step; written by hand, that is one product
over all steps after the scan, and what the gates need is computed for all steps before it.
"""

import jax
import jax.numpy as jnp
from jax import lax


def cell(state, x, attention, U):
    """One step: the next state [B, H], and what backward needs. Gates of x and U: update | reset | candidate."""
    hidden = state.shape[1]
    product = state @ U
    gates = jax.nn.sigmoid(x[:, : 2 * hidden] + product[:, : 2 * hidden])
    update, reset = jnp.split(gates, 2, 1)
    recurrent = product[:, 2 * hidden :]
    candidate = jnp.tanh(x[:, 2 * hidden :] + reset * recurrent)
    return state + attention[:, None] * update * (candidate - state), (state, update, reset, recurrent, candidate)


def forward(x, U, attention):
    """States [T, B, H] after each step, and what backward needs; x [T, B, 3H], U [H, 3H], attention [T, B]."""

    def step(state, inputs):
        state, kept = cell(state, *inputs, U)
        return state, (state, kept)

    start = jnp.zeros((x.shape[1], U.shape[0]), x.dtype)
    _, (states, kept) = lax.scan(step, start, (x, attention))
    return states, (kept, U, attention)


def backward(saved, gradient):
    (before, update, reset, recurrent, candidate), U, attention = saved
    move = attention[..., None] * update
    change = candidate - before
    keep = 1 - move
    to_candidate = move * (1 - candidate**2)
    to_update = change * move * (1 - update)
    to_reset = recurrent * reset * (1 - reset)
    transposed = U.T

    def step(later, inputs):
        gradient, keep, to_candidate, to_update, to_reset, reset = inputs
        d = gradient + later
        d_candidate = d * to_candidate
        d_product = jnp.concatenate([d * to_update, d_candidate * to_reset, d_candidate * reset], 1)
        return d * keep + d_product @ transposed, (d, d_candidate, d_product)

    inputs = (gradient, keep, to_candidate, to_update, to_reset, reset)
    _, (d, d_candidate, d_product) = lax.scan(step, jnp.zeros_like(before[0]), inputs, reverse=True)
    hidden = U.shape[0]
    dx = jnp.concatenate([d_product[..., : 2 * hidden], d_candidate], 2)
    return dx, jnp.einsum("tbh,tbg->hg", before, d_product), (d * change * update).sum(-1)


@jax.custom_vjp
def recurrence(x, U, attention):
    """States [T, B, H] of an AUGRU; with attention 1 it is a GRU."""
    return forward(x, U, attention)[0]


recurrence.defvjp(forward, backward)


def plain_recurrence(x, U, attention):
    """The same, differentiated by JAX (`check.py`)."""
    return forward(x, U, attention)[0]
