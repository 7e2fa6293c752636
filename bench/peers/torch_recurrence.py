"""GRU and AUGRU of PyTorch in C++ (recurrence.cpp), with gradients. Needs a C++ compiler and ninja."""

import os
import pathlib
import sys

import torch
from torch.utils.cpp_extension import load

HERE = pathlib.Path(__file__).parent


def build(hidden):
    """Compiles the extension for this machine, once for each size."""
    # ninja may be installed in the environment of the Python that runs, which need not be on the path.
    os.environ["PATH"] = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    folder = HERE / f".venv-build-{torch.__version__}-{hidden}"
    folder.mkdir(exist_ok=True)
    flags = ["-O3", "-march=native", "-ffast-math", "-fopenmp", "-std=c++20", f"-DHIDDEN={hidden}", "-Wno-psabi"]
    name = f"recurrence_{hidden}"
    return load(name, [str(HERE / "recurrence.cpp")], build_directory=str(folder), extra_cflags=flags, verbose=False)


def recurrence(hidden):
    """A function: x [T, B, 3H] (update | reset | candidate), U [H, 3H], attention [T, B] or None -> states [T, B, H]."""
    extension = build(hidden)

    class Recurrence(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, U, attention):
            states, kept = extension.forward(x, U, attention)
            ctx.save_for_backward(U, attention, states, kept)
            return states[1:]

        @staticmethod
        def backward(ctx, gradient):
            U, attention, states, kept = ctx.saved_tensors
            dx, d_product, d_attention = extension.backward(gradient, U, attention, states, kept)
            # One product over all steps, rather than one a step.
            dU = states[:-1].flatten(0, 1).t() @ d_product.flatten(0, 1)
            return dx, dU, d_attention

    return Recurrence.apply
