/* One step of Nadam over all parameters in one pass over memory; the formulas are those of torch.optim.NAdam.

Macro given to the compiler: REAL, float or double. mgu/train/compiled_nadam.py calls it. */

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

typedef REAL real;

/* One parameter: `size` numbers each; `step` and `mu_product` are single numbers of its state. */
struct parameter {
    long size;
    real *values, *mean, *square; /* mean and square: running averages of the gradient and of its square */
    float *step, *mu_product;
};

/* mgu/native/layout.py compares this with the ctypes structure in mgu/train/compiled_nadam.py. */
#define MEMBER(name) {#name, offsetof(struct parameter, name), sizeof(((struct parameter *)0)->name)}
const struct { const char *name; long offset, size; } layout[] = {
    MEMBER(size), MEMBER(values), MEMBER(mean), MEMBER(square), MEMBER(step), MEMBER(mu_product),
    {NULL, sizeof(struct parameter), sizeof(struct parameter)}};

struct weights {
    real gradient, mean, correction; /* factors of the gradient and of its mean; divisor of its mean square */
};

static struct weights advance(const struct parameter *p, double lr, double beta1, double beta2, double momentum_decay) {
    double step = *p->step += 1;
    double mu = beta1 * (1 - 0.5 * pow(0.96, step * momentum_decay));
    double next_mu = beta1 * (1 - 0.5 * pow(0.96, (step + 1) * momentum_decay));
    double product = *p->mu_product *= (float)mu;
    struct weights w = {(real)(-lr * (1 - mu) / (1 - product)), (real)(-lr * next_mu / (1 - product * next_mu)),
                        (real)(1 - pow(beta2, step))};
    return w;
}

/* Returns 0, or 1 where memory has run out. */
int nadam_step(const struct parameter *parameters, const real *const *gradients, long count, double lr, double beta1,
               double beta2, double eps, double momentum_decay, long threads) {
    struct weights *weights = malloc(count * sizeof(struct weights));
    if (!weights) return 1;
    for (long i = 0; i < count; i++) weights[i] = advance(parameters + i, lr, beta1, beta2, momentum_decay);
    const real decay1 = (real)(1 - beta1), keep2 = (real)beta2, decay2 = (real)(1 - beta2), epsilon = (real)eps;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (long part = 0; part < threads; part++) {
        for (long i = 0; i < count; i++) {
            const struct parameter p = parameters[i];
            const real *gradient = gradients[i];
            const struct weights w = weights[i];
#pragma omp simd
            for (long j = p.size * part / threads; j < p.size * (part + 1) / threads; j++) {
                /* In torch's order of operations, so that it differs by some roundings only. */
                real g = gradient[j];
                real mean = p.mean[j] + decay1 * (g - p.mean[j]);
                real square = p.square[j] * keep2 + decay2 * g * g;
                real denominator = (real)sqrt(square / w.correction) + epsilon;
                p.mean[j] = mean;
                p.square[j] = square;
                p.values[j] = p.values[j] + w.gradient * g / denominator + w.mean * mean / denominator;
            }
        }
    }
    free(weights);
    return 0;
}
