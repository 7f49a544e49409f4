/* Activations and their derivatives, in a form that compilers turn into vector code.

Macros given to the compiler: REAL, float or double; ACTIVATION, one of SELU, RELU, SILU, TANH. */

#include <stdint.h>

typedef REAL real;

enum { SELU, RELU, SILU, TANH };

/* e^x as power * (1 + rest / scale). The first is a power of 2; near 0 it is 1, and e^x - 1 is the rest, over the scale. */
struct exponential {
    real power, rest;
};

/* e^x where x is no larger than 88 or 709, and any number where it is, in a form that compilers turn into vector code;
   NaN stays NaN. In single precision it is 2^n * 2^f with |f| <= 1/2, of which the second is a polynomial with a
   relative error below 1e-7 that is 1 at 0; in double precision it is 2^n * e^r with |r| <= ln(2) / 2. */
static inline struct exponential exponential_parts(real x, real scale) {
    const real lowest = sizeof(real) == 4 ? -87 : -708;
    x = x < lowest ? lowest : x;
    /* Adding 1.5 * 2^(mantissa bits) rounds to a whole number and leaves it in the lowest bits, and with it the bias of
       exponents. */
    const real shift = sizeof(real) == 4 ? (real)(12582912.0 + 127) : (real)(6755399441055744.0 + 1023);
    const real log2_e = (real)1.4426950408889634;
    const real shifted = x * log2_e + shift, n = shifted - shift;
    if (sizeof(real) == 4) {
        const real f = x * log2_e - n;
        real e = scale * (real)1.3264726e-3;
        e = e * f + scale * (real)9.6715128e-3;
        e = e * f + scale * (real)5.5507336e-2;
        e = e * f + scale * (real)2.4022242e-1;
        e = e * f + scale * (real)6.9314699e-1;
        union { float f; uint32_t i; } power = {(float)shifted};
        power.i <<= 23;
        return (struct exponential){(real)power.f, e * f};
    }
    const real r = (x - n * (real)6.93147180369123816490e-01) - n * (real)1.90821492927058770002e-10;
    real e = scale * (real)(1 / 6227020800.0);
    e = e * r + scale * (real)(1 / 479001600.0);
    e = e * r + scale * (real)(1 / 39916800.0);
    e = e * r + scale * (real)(1 / 3628800.0);
    e = e * r + scale * (real)(1 / 362880.0);
    e = e * r + scale * (real)(1 / 40320.0);
    e = e * r + scale * (real)(1 / 5040.0);
    e = e * r + scale * (real)(1 / 720.0);
    e = e * r + scale * (real)(1 / 120.0);
    e = e * r + scale * (real)(1 / 24.0);
    e = e * r + scale * (real)(1 / 6.0);
    e = e * r + scale * (real)0.5;
    union { double f; uint64_t i; } power = {(double)shifted};
    power.i <<= 52;
    return (struct exponential){(real)power.f, e * r * r + scale * r};
}

static inline real exponential_below(real x) {
    const struct exponential e = exponential_parts(x, 1);
    return (e.rest + 1) * e.power;
}

/* scale * (e^x - 1) under the same conditions, which keeps its precision near 0. The scale is a constant, which the
   compiler multiplies the polynomial by. */
static inline real exponential_less_one(real x, real scale) {
    const struct exponential e = exponential_parts(x, scale);
    return e.power * e.rest + (scale * e.power - scale);
}

/* e^x; infinity where it is nearly too large for a number. */
static inline real exponential(real x) {
    const real highest = sizeof(real) == 4 ? 89 : 710; /* where n is 1 more than the exponent of any number */
    return exponential_below(x > highest ? highest : x);
}

static inline real sigmoid(real x) { return 1 / (1 + exponential(-x)); }

#define SELU_SCALE ((real)1.0507009873554804934193349852946)
#define SELU_NEGATIVE ((real)1.7580993408473768599402175208123)

static inline real activate(real x) {
    switch (ACTIVATION) {
    case SELU: {
        real negative = exponential_less_one(x, SELU_NEGATIVE);
        return x > 0 ? SELU_SCALE * x : negative;
    }
    case RELU: return x < 0 ? 0 : x;
    case SILU: return x * sigmoid(x);
    default: {
        real e = exponential_less_one(x > 20 ? 40 : 2 * x, 1); /* where tanh is 1 */
        return e / (e + 2);
    }
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
