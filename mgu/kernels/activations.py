"""Activations and their derivatives in Triton, the same formulas as for the CPU."""

import triton
import triton.language as tl

SELU_SCALE = tl.constexpr(1.0507009873554804934193349852946)  # Klambauer et al. 2017
SELU_NEGATIVE = tl.constexpr(1.7580993408473768599402175208123)  # the scale times alpha


@triton.jit
def sigmoid(x):
    """Returns 1 / (1 + e^-x)."""
    return 1 / (1 + tl.exp(-x))


@triton.jit
def activate(x, ACTIVATION: tl.constexpr):
    """Returns A(x)."""
    if ACTIVATION == "selu":
        y = tl.where(x > 0, SELU_SCALE * x, SELU_NEGATIVE * (tl.exp(x) - 1))
    elif ACTIVATION == "relu":
        y = tl.where(x < 0, 0.0, x)  # NaN stays NaN
    elif ACTIVATION == "silu":
        y = x * sigmoid(x)
    else:
        tl.static_assert(ACTIVATION == "tanh")
        y = 1 - 2 / (1 + tl.exp(2 * x))
    return y


@triton.jit
def slope(x, y, ACTIVATION: tl.constexpr):
    """Returns the derivative of the activation at x, where it has the value y."""
    if ACTIVATION == "selu":
        d = tl.where(x > 0, SELU_SCALE, y + SELU_NEGATIVE)
    elif ACTIVATION == "relu":
        d = tl.where(x > 0, 1.0, 0.0).to(x.dtype)
    elif ACTIVATION == "silu":
        s = sigmoid(x)
        d = s + y * (1 - s)
    else:
        tl.static_assert(ACTIVATION == "tanh")
        d = 1 - y * y
    return d
