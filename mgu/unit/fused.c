/* Everything after the transforms of the unit (Damian and Piciu 2020, eq. 3-19), forward and backward, in as few passes
over memory as possible.

A row is one position: `transforms` times `channels` values, [layer | bypass | gate | gate | ...], channels last. Gates
with one value a channel for all rows are passed as an array of their own. What one pass can recompute is not stored:
backward reads the same rows again, and the statistics of the two batch norms.
mgu/unit/fused.py decides when this runs; MultiGatedUnit.branches computes the same in plain torch, and tests compare
the two.

Macros given to the compiler: REAL, float or double; ACTIVATION, one of SELU, RELU, SILU, TANH; RESIDUAL_GATE, REFERENCE
(the wiring) and CONSTANT_GATES, 0 or 1; CHANNELS, their number, or 0 if it is known at run time only, which is a
quarter slower where there are few. */

#include <math.h>
#include "activations.h"
#include "rows.h"

#define CHANNELS_OF(call) (CHANNELS ? CHANNELS : (call).channels)

enum { AHEAD = 4 }; /* rows between the one being computed and the one being prefetched */

enum { FIRST_GATE = 2, GATES = 4 + RESIDUAL_GATE, SKIP = GATES - 1 };
enum { TRANSFORMS = FIRST_GATE + (CONSTANT_GATES ? 0 : GATES) };
enum { SCRATCH = 4 + GATES, NORMS = 6, SUMS = NORMS + (CONSTANT_GATES ? GATES : 0) };

/* The arguments of one call. An array without a comment has `channels` values. */
struct call {
    long rows, channels, threads, training;
    double bn_eps, ln_eps, momentum;
    const real *packed; /* the rows described above */
    const real *gates;  /* GATES * channels: the gate values, where they are constant */
    const real *bn_before_weight, *bn_before_bias, *bn_after_weight, *bn_after_bias, *ln_weight, *ln_bias;
    real *bn_before_running_mean, *bn_before_running_var, *bn_after_running_mean, *bn_after_running_var;
    real *statistics;   /* 4 * channels: mean and 1 / sqrt(variance + eps) of the layer's output, of its activation */
    real *out;          /* rows * channels: written by forward */
    const real *d_out;  /* rows * channels: read by backward, which writes the members below */
    real *d_packed; /* may be `packed` itself: a row is read, or copied to scratch, before its gradients are written */
    real *d_layer;  /* rows * channels: gradients of the layer's output, until the sums over the batch are known */
    real *d_norms;  /* NORMS * channels, in the order of the six weights and biases */
    real *d_gates;  /* as `gates` */
};

/* mgu/native/layout.py compares this with the ctypes structure in mgu/unit/fused.py. */
#define MEMBER(name) {#name, offsetof(struct call, name), sizeof(((struct call *)0)->name)}
const struct { const char *name; long offset, size; } layout[] = {
    MEMBER(rows), MEMBER(channels), MEMBER(threads), MEMBER(training), MEMBER(bn_eps), MEMBER(ln_eps), MEMBER(momentum),
    MEMBER(packed), MEMBER(gates), MEMBER(bn_before_weight), MEMBER(bn_before_bias), MEMBER(bn_after_weight),
    MEMBER(bn_after_bias), MEMBER(ln_weight), MEMBER(ln_bias), MEMBER(bn_before_running_mean),
    MEMBER(bn_before_running_var), MEMBER(bn_after_running_mean), MEMBER(bn_after_running_var), MEMBER(statistics),
    MEMBER(out), MEMBER(d_out), MEMBER(d_packed), MEMBER(d_layer), MEMBER(d_norms), MEMBER(d_gates),
    {NULL, sizeof(struct call), sizeof(struct call)}};

/* Everything between the transforms and the output, for one element. Names without a comment are those of
   MultiGatedUnit.branches. */
struct mixed {
    real activated, bn_before_activation, bn_after_activation, ln, bypass;
    real bn_before, ln_normed; /* BN(L), LN(L) or LN(A(L)): before an activation */
    real to_bn_after, to_bn, to_norm, without_residual, to_processed; /* weights of the branches that gates choose */
    real bn_order, bn_or_ln, norm_or_none, processed;
};

/* In the reference wiring two gates have the opposite polarity. */
#define TOWARDS (REFERENCE ? -1 : 1)

static inline struct mixed mix(const struct call *k, const real *row, const real *activated, const real *gates, long c,
                               real ln_mean, real ln_scale) {
    const long channels = CHANNELS_OF(*k);
    struct mixed m;
    real x = row[c];
    m.bypass = row[channels + c];
    m.activated = activated[c];
    m.bn_before = (x - k->statistics[c]) * k->statistics[channels + c] * k->bn_before_weight[c] + k->bn_before_bias[c];
    m.bn_before_activation = activate(m.bn_before); /* eq. 4 */
    m.bn_after_activation = (m.activated - k->statistics[2 * channels + c]) * k->statistics[3 * channels + c] *
                     k->bn_after_weight[c] + k->bn_after_bias[c]; /* eq. 3 */
    m.ln_normed = ((REFERENCE ? m.activated : x) - ln_mean) * ln_scale * k->ln_weight[c] + k->ln_bias[c];
    m.ln = REFERENCE ? m.ln_normed : activate(m.ln_normed); /* eq. 8 */
    m.to_bn_after = REFERENCE ? 1 - gates[c] : gates[c];
    m.to_bn = gates[channels + c];
    m.to_norm = gates[2 * channels + c];
    m.without_residual = RESIDUAL_GATE ? gates[3 * channels + c] : 1;
    real skip = gates[SKIP * channels + c];
    m.to_processed = REFERENCE ? 1 - skip : skip;
    m.bn_order = m.bn_before_activation + m.to_bn_after * (m.bn_after_activation - m.bn_before_activation); /* eq. 5 */
    m.bn_or_ln = m.ln + m.to_bn * (m.bn_order - m.ln);                     /* eq. 9 */
    m.norm_or_none = m.activated + m.to_norm * (m.bn_or_ln - m.activated);                     /* eq. 12 */
    m.processed = m.norm_or_none + (1 - m.without_residual) * m.bypass;                        /* eq. 15, 16 */
    return m;
}

/* Compute what takes exponentials of one row, in loops short enough for the processor's registers: the activation of
   the layer's output and the gate values; and for layer normalisation the row's mean and 1 / sqrt(variance + eps). */
static inline void begin_row(const real *row, long channels, real eps, real *activated, real *gate_values, real *mean,
                             real *scale) {
    const real *values = REFERENCE ? activated : row;
    const long num_gate_values = CONSTANT_GATES ? 0 : GATES * channels;
    real sum = 0, squares = 0;
#pragma omp simd
    for (long c = 0; c < channels; c++) activated[c] = activate(row[c]);
#pragma omp simd
    for (long i = 0; i < num_gate_values; i++) gate_values[i] = sigmoid(row[FIRST_GATE * channels + i]);
#pragma omp simd reduction(+ : sum)
    for (long c = 0; c < channels; c++) sum += values[c];
    real m = sum / channels;
#pragma omp simd reduction(+ : squares)
    for (long c = 0; c < channels; c++) squares += (values[c] - m) * (values[c] - m);
    *mean = m;
    *scale = 1 / (real)sqrt(squares / channels + eps);
}

/* Apply a function to all rows, with `width` sums per channel. */
static int for_all(const struct call *call, rows_function *function, long width, double *total) {
    const struct extent extent = {call->rows, call->threads, width * call->channels, SCRATCH * call->channels};
    return for_rows(call, extent, function, total);
}

/* Sums of x, x^2, A(x) and A(x)^2, of differences to the first row, to avoid cancellation. */
static void sum_statistics(const struct call *call, long first, long last, real *sums, real *scratch) {
    const long channels = CHANNELS_OF(*call);
    const real *packed = call->packed;
    real *first_activated = scratch;
    for (long c = 0; c < channels; c++) first_activated[c] = activate(packed[c]);
    for (long r = first; r < last; r++) {
        const real *row = packed + r * TRANSFORMS * channels;
        prefetch(row, AHEAD * TRANSFORMS * channels, channels);
#pragma omp simd
        for (long c = 0; c < channels; c++) {
            real x = row[c] - packed[c], a = activate(row[c]) - first_activated[c];
            sums[c] += x;
            sums[channels + c] += x * x;
            sums[2 * channels + c] += a;
            sums[3 * channels + c] += a * a;
        }
    }
}

/* Mean and scale of one batch norm from its two sums; `shift` was subtracted from the values. */
static void finish_statistics(const struct call *call, const double *sums, long c, double shift, real *mean,
                              real *scale, real *running_mean, real *running_var) {
    double offset = sums[c] / call->rows;
    double var = sums[call->channels + c] / call->rows - offset * offset;
    var = var < 0 ? 0 : var;
    mean[c] = (real)(shift + offset);
    scale[c] = (real)(1 / sqrt(var + call->bn_eps));
    running_mean[c] += (real)call->momentum * (mean[c] - running_mean[c]);
    running_var[c] += (real)call->momentum * ((real)var - running_var[c]);
}

static int batch_statistics(const struct call *call) {
    long channels = call->channels;
    real *statistics = call->statistics;
    double *sums = malloc(4 * channels * sizeof(double));
    if (!sums || for_all(call, sum_statistics, 4, sums)) {
        free(sums);
        return 1;
    }
    for (long c = 0; c < channels; c++) {
        finish_statistics(call, sums, c, call->packed[c], statistics, statistics + channels,
                          call->bn_before_running_mean, call->bn_before_running_var);
        finish_statistics(call, sums + 2 * channels, c, activate(call->packed[c]), statistics + 2 * channels,
                          statistics + 3 * channels, call->bn_after_running_mean, call->bn_after_running_var);
    }
    free(sums);
    return 0;
}

static void running_statistics(const struct call *call) {
    long channels = call->channels;
    for (long c = 0; c < channels; c++) {
        call->statistics[c] = call->bn_before_running_mean[c];
        call->statistics[channels + c] = 1 / (real)sqrt(call->bn_before_running_var[c] + call->bn_eps);
        call->statistics[2 * channels + c] = call->bn_after_running_mean[c];
        call->statistics[3 * channels + c] = 1 / (real)sqrt(call->bn_after_running_var[c] + call->bn_eps);
    }
}

static void mix_rows(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    const long channels = CHANNELS_OF(k);
    real *activated = scratch, *gate_values = scratch + channels;
    const real *gates = CONSTANT_GATES ? k.gates : gate_values;
    (void)sums;
    for (long r = first; r < last; r++) {
        const real *row = k.packed + r * TRANSFORMS * channels;
        real *out = k.out + r * channels, ln_mean, ln_scale;
        prefetch(row, TRANSFORMS * channels, TRANSFORMS * channels);
        begin_row(row, channels, (real)k.ln_eps, activated, gate_values, &ln_mean, &ln_scale);
#pragma omp simd
        for (long c = 0; c < channels; c++) {
            struct mixed m = mix(&k, row, activated, gates, c, ln_mean, ln_scale);
            out[c] = m.bypass + m.to_processed * (m.processed - m.bypass); /* eq. 19 */
        }
    }
}

/* Store the gradient of a gate value: of a constant gate in the sums, of others, through the sigmoid, in the row. */
static inline void store_gate(real *d_row, real *sums, const real *gates, long channels, long gate, long c,
                              real d_value) {
    if (CONSTANT_GATES) {
        sums[(NORMS + gate) * channels + c] += d_value;
    } else {
        real value = gates[gate * channels + c]; /* not 1 - value, which rounds a small one away */
        d_row[(FIRST_GATE + gate) * channels + c] = d_value * value * (1 - value);
    }
}

/* Write the gradients of all but the layer's output into d_packed, and of that output the part that does not depend on
   sums over the batch into d_layer. The sums are the gradients of the six weights and biases, from which the rest
   follows, and of constant gates. */
static void mix_rows_backward(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    const long channels = CHANNELS_OF(k);
    real *to_ln = scratch, *normalised = scratch + channels, *activation_slope = scratch + 2 * channels;
    real *activated = scratch + 3 * channels, *gate_values = scratch + 4 * channels;
    const real *gates = CONSTANT_GATES ? k.gates : gate_values;
    for (long r = first; r < last; r++) {
        const real *row = k.packed + r * TRANSFORMS * channels, *d_out = k.d_out + r * channels;
        real *d_row = k.d_packed + r * TRANSFORMS * channels, *d_layer = k.d_layer + r * channels;
        real ln_mean, ln_scale, mean_to_ln = 0, mean_product = 0;
        prefetch(row, TRANSFORMS * channels, TRANSFORMS * channels);
        begin_row(row, channels, (real)k.ln_eps, activated, gate_values, &ln_mean, &ln_scale);
#pragma omp simd reduction(+ : mean_to_ln, mean_product)
        for (long c = 0; c < channels; c++) {
            struct mixed m = mix(&k, row, activated, gates, c, ln_mean, ln_scale);
            real d = d_out[c];
            real d_processed = d * m.to_processed;
            real d_bypass = d - d_processed + d_processed * (1 - m.without_residual);
            real d_bn_or_ln = d_processed * m.to_norm;
            real d_activated = d_processed - d_bn_or_ln;
            real d_bn_order = d_bn_or_ln * m.to_bn;
            real d_ln = (d_bn_or_ln - d_bn_order) * (REFERENCE ? 1 : slope(m.ln_normed, m.ln));
            real d_bn_after = d_bn_order * m.to_bn_after;
            real d_bn_before = (d_bn_order - d_bn_after) * slope(m.bn_before, m.bn_before_activation);

            d_row[channels + c] = d_bypass;
            store_gate(d_row, sums, gates, channels, 0, c,
                      TOWARDS * d_bn_order * (m.bn_after_activation - m.bn_before_activation));
            store_gate(d_row, sums, gates, channels, 1, c, d_bn_or_ln * (m.bn_order - m.ln));
            store_gate(d_row, sums, gates, channels, 2, c, d_processed * (m.bn_or_ln - m.activated));
            if (RESIDUAL_GATE) store_gate(d_row, sums, gates, channels, 3, c, -d_processed * m.bypass);
            store_gate(d_row, sums, gates, channels, SKIP, c, TOWARDS * d * (m.processed - m.bypass));

            real in_ln = ((REFERENCE ? m.activated : row[c]) - ln_mean) * ln_scale;
            sums[c] += d_bn_before * (row[c] - k.statistics[c]) * k.statistics[channels + c];
            sums[channels + c] += d_bn_before;
            sums[2 * channels + c] +=
                d_bn_after * (m.activated - k.statistics[2 * channels + c]) * k.statistics[3 * channels + c];
            sums[3 * channels + c] += d_bn_after;
            sums[4 * channels + c] += d_ln * in_ln;
            sums[5 * channels + c] += d_ln;

            real s = slope(row[c], m.activated);
            activation_slope[c] = s;
            d_layer[c] = s * (d_activated + d_bn_after * k.bn_after_weight[c] * k.statistics[3 * channels + c]) +
                     d_bn_before * k.bn_before_weight[c] * k.statistics[channels + c];
            normalised[c] = in_ln;
            to_ln[c] = d_ln * k.ln_weight[c];
            mean_to_ln += to_ln[c];
            mean_product += to_ln[c] * in_ln;
        }
        mean_to_ln /= channels;
        mean_product /= channels;
#pragma omp simd
        for (long c = 0; c < channels; c++) {
            real d_in_ln = ln_scale * (to_ln[c] - mean_to_ln - normalised[c] * mean_product);
            d_layer[c] += REFERENCE ? activation_slope[c] * d_in_ln : d_in_ln;
        }
    }
}

/* Write the gradient of the layer's output into d_packed; in training, subtract what flows through the mean and the
   variance of the batch norms, which depend on every row: d_norms has the sums. */
static void finish_layer(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    const long channels = CHANNELS_OF(k);
    const real share = k.training ? 1 / (real)k.rows : 0;
    (void)sums, (void)scratch;
    for (long r = first; r < last; r++) {
        const real *row = k.packed + r * TRANSFORMS * channels, *d_layer = k.d_layer + r * channels;
        real *d_row = k.d_packed + r * TRANSFORMS * channels;
        prefetch(row, AHEAD * TRANSFORMS * channels, channels);
#pragma omp simd
        for (long c = 0; c < channels; c++) {
            real before_scale = k.statistics[channels + c], after_scale = k.statistics[3 * channels + c];
            real x = row[c], activated = activate(x);
            real before = (x - k.statistics[c]) * before_scale;
            real after = (activated - k.statistics[2 * channels + c]) * after_scale;
            real of_before = k.bn_before_weight[c] * before_scale * (k.d_norms[channels + c] + before * k.d_norms[c]);
            real of_after = k.bn_after_weight[c] * after_scale *
                            (k.d_norms[3 * channels + c] + after * k.d_norms[2 * channels + c]);
            d_row[c] = d_layer[c] - share * (of_before + slope(x, activated) * of_after);
        }
    }
}

/* Both return 0, or 1 where memory has run out. */
int forward(const struct call *call) {
    if (!call->training)
        running_statistics(call);
    else if (batch_statistics(call))
        return 1;
    return for_all(call, mix_rows, 0, NULL);
}

int backward(const struct call *call) {
    long norms = NORMS * call->channels, count = SUMS * call->channels;
    double *sums = malloc(count * sizeof(double));
    int failed = !sums || for_all(call, mix_rows_backward, SUMS, sums);
    for (long i = 0; i < count && !failed; i++) {
        if (i < norms)
            call->d_norms[i] = (real)sums[i];
        else
            call->d_gates[i - norms] = (real)sums[i];
    }
    free(sums);
    return failed || for_all(call, finish_layer, 0, NULL);
}
