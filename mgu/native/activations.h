/* Activations and their derivatives, in a form that compilers turn into vector code.

Macros given to the compiler: REAL, float or double; ACTIVATION, one of SELU, RELU, SILU, TANH. */

#include <stdint.h>

typedef REAL real;

enum { SELU, RELU, SILU, TANH };

/* e^x where x is no larger than 88 or 709, and any number where it is, by 2^n * e^r with |r| <= ln(2) / 2, in a form that
   compilers turn into vector code; NaN stays NaN. */
static inline real exponential_below(real x) {
    const real lowest = sizeof(real) == 4 ? -87 : -708;
    x = x < lowest ? lowest : x;
    /* Adding 1.5 * 2^(mantissa bits) rounds to a whole number and leaves it in the lowest bits. */
    const real shift = sizeof(real) == 4 ? (real)12582912.0 : (real)6755399441055744.0;
    real shifted = x * (real)1.4426950408889634 + shift;
    real n = shifted - shift;
    real r = sizeof(real) == 4 ? (x - n * (real)0.693359375) + n * (real)2.12194440054690583e-4
                               : (x - n * (real)6.93147180369123816490e-01) - n * (real)1.90821492927058770002e-10;
    real e;
    if (sizeof(real) == 4) {
        e = (real)1.9875691500e-4;
        e = e * r + (real)1.3981999507e-3;
        e = e * r + (real)8.3334519073e-3;
        e = e * r + (real)4.1665795894e-2;
        e = e * r + (real)1.6666665459e-1;
        e = e * r + (real)5.0000001201e-1;
        e = e * r * r + r + 1;
        union { float f; uint32_t i; } power = {(float)shifted};
        power.i = (power.i + 127) << 23;
        return e * (real)power.f;
    }
    e = (real)(1 / 6227020800.0);
    e = e * r + (real)(1 / 479001600.0);
    e = e * r + (real)(1 / 39916800.0);
    e = e * r + (real)(1 / 3628800.0);
    e = e * r + (real)(1 / 362880.0);
    e = e * r + (real)(1 / 40320.0);
    e = e * r + (real)(1 / 5040.0);
    e = e * r + (real)(1 / 720.0);
    e = e * r + (real)(1 / 120.0);
    e = e * r + (real)(1 / 24.0);
    e = e * r + (real)(1 / 6.0);
    e = e * r + (real)0.5;
    e = e * r * r + r + 1;
    union { double f; uint64_t i; } power = {(double)shifted};
    power.i = (power.i + 1023) << 52;
    return e * (real)power.f;
}

static inline real exponential(real x) {
    const real highest = sizeof(real) == 4 ? 88 : 709;
    return exponential_below(x > highest ? highest : x);
}

static inline real sigmoid(real x) { return 1 / (1 + exponential(-x)); }

#define SELU_SCALE ((real)1.0507009873554804934193349852946)
#define SELU_NEGATIVE ((real)1.7580993408473768599402175208123)

static inline real activate(real x) {
    switch (ACTIVATION) {
    case SELU: {
        real negative = SELU_NEGATIVE * (exponential_below(x) - 1);
        return x > 0 ? SELU_SCALE * x : negative;
    }
    case RELU: return x < 0 ? 0 : x;
    case SILU: return x * sigmoid(x);
    default: return 1 - 2 / (1 + exponential(2 * x));
    }
}

/* The derivative of the activation at x, where it has the value y. */
static inline real slope(real x, real y) {
    switch (ACTIVATION) {
    case SELU: return x > 0 ? SELU_SCALE : y + SELU_NEGATIVE;
    case RELU: return x > 0;
    case SILU: {
        real s = sigmoid(x);
        return s + y * (1 - s);
    }
    default: return 1 - y * y;
    }
}
