/* The read-out of a network, from the last block's output to its gradient: mean over positions, dropout, dense layer.

Macro given to the compiler: REAL, float or double. mgu/layers/readout.py calls it. All arrays are contiguous, features
channels last; the numbers do not depend on `threads`, for each is summed up by one of them. */

#include <stddef.h>

typedef REAL real;

enum { BLOCK = 256 }; /* numbers that are summed up by themselves: over many, rounding would add up */

struct call {
    long batch, positions, channels, outputs, threads;
    const real *features;              /* (batch, positions, channels) */
    const real *mask;                  /* (batch, channels), factors of the pooled features; NULL: all are 1 */
    const real *weight, *bias;         /* (outputs, channels), (outputs) */
    real *pooled, *out;                /* (batch, channels) after dropout, (batch, outputs) */
    const real *d_out;                 /* gradients of the loss from here on */
    real *d_features, *d_weight, *d_bias;
};

/* mgu/native/layout.py compares this with the ctypes structure in mgu/layers/readout.py. */
#define MEMBER(name) {#name, offsetof(struct call, name), sizeof(((struct call *)0)->name)}
const struct { const char *name; long offset, size; } layout[] = {
    MEMBER(batch), MEMBER(positions), MEMBER(channels), MEMBER(outputs), MEMBER(threads), MEMBER(features),
    MEMBER(mask), MEMBER(weight), MEMBER(bias), MEMBER(pooled), MEMBER(out), MEMBER(d_out), MEMBER(d_features),
    MEMBER(d_weight), MEMBER(d_bias), {NULL, sizeof(struct call), sizeof(struct call)}};

static inline long end_of_block(long start, long end) { return start + BLOCK < end ? start + BLOCK : end; }

void forward(const struct call *c) {
    const long channels = c->channels, positions = c->positions, outputs = c->outputs;
#pragma omp parallel for schedule(static) num_threads(c->threads)
    for (long b = 0; b < c->batch; b++) {
        real *pooled = c->pooled + b * channels;
        const real *features = c->features + b * positions * channels;
        for (long i = 0; i < channels; i++) pooled[i] = 0;
        for (long start = 0; start < positions; start += BLOCK) {
            const long end = end_of_block(start, positions);
            real sums[channels];
            for (long i = 0; i < channels; i++) sums[i] = 0;
            for (long p = start; p < end; p++)
#pragma omp simd
                for (long i = 0; i < channels; i++) sums[i] += features[p * channels + i];
            for (long i = 0; i < channels; i++) pooled[i] += sums[i];
        }
#pragma omp simd
        for (long i = 0; i < channels; i++)
            pooled[i] = pooled[i] / (real)positions * (c->mask ? c->mask[b * channels + i] : 1);
        for (long k = 0; k < outputs; k++) {
            const real *weight = c->weight + k * channels;
            real sum = 0;
#pragma omp simd reduction(+ : sum)
            for (long i = 0; i < channels; i++) sum += pooled[i] * weight[i];
            c->out[b * outputs + k] = sum + c->bias[k];
        }
    }
}

static void backward_to_features(const struct call *c, long b) {
    const long channels = c->channels, positions = c->positions, outputs = c->outputs;
    real *first = c->d_features + b * positions * channels; /* the gradient is the same at all positions */
    for (long i = 0; i < channels; i++) first[i] = 0;
    for (long k = 0; k < outputs; k++) {
        const real *weight = c->weight + k * channels, d_out = c->d_out[b * outputs + k];
#pragma omp simd
        for (long i = 0; i < channels; i++) first[i] += d_out * weight[i];
    }
#pragma omp simd
    for (long i = 0; i < channels; i++)
        first[i] = first[i] * (c->mask ? c->mask[b * channels + i] : 1) / (real)positions;
    for (long p = 1; p < positions; p++)
        for (long i = 0; i < channels; i++) first[p * channels + i] = first[i];
}

static void backward_to_output(const struct call *c, long k) {
    const long channels = c->channels, outputs = c->outputs;
    real *d_weight = c->d_weight + k * channels, d_bias = 0;
    for (long i = 0; i < channels; i++) d_weight[i] = 0;
    for (long start = 0; start < c->batch; start += BLOCK) {
        const long end = end_of_block(start, c->batch);
        real sums[channels], sum = 0;
        for (long i = 0; i < channels; i++) sums[i] = 0;
        for (long b = start; b < end; b++) {
            const real *pooled = c->pooled + b * channels, d_out = c->d_out[b * outputs + k];
            sum += d_out;
#pragma omp simd
            for (long i = 0; i < channels; i++) sums[i] += d_out * pooled[i];
        }
        for (long i = 0; i < channels; i++) d_weight[i] += sums[i];
        d_bias += sum;
    }
    c->d_bias[k] = d_bias;
}

void backward(const struct call *c) {
#pragma omp parallel num_threads(c->threads)
    {
#pragma omp for schedule(static) nowait
        for (long b = 0; b < c->batch; b++) backward_to_features(c, b);
#pragma omp for schedule(static)
        for (long k = 0; k < c->outputs; k++) backward_to_output(c, k);
    }
}
