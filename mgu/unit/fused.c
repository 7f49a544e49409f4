/* Everything after the transforms of the unit (Damian and Piciu 2020, eq. 3-19), forward and backward, in as few passes
over memory as possible.

A row is one position: `transforms` times `channels` values, [layer | bypass | gate | gate | ...], channels last. Where
gates are constants, a row is the layer's output alone, and the bypass may be read off the unit's input. What one pass can
recompute is not stored: backward reads the same rows again, and the statistics of the two batch norms.
mgu/unit/fused.py decides when this runs; MultiGatedUnit.branches computes the same in plain torch, and tests compare
the two.

Macros given to the compiler: REAL, float or double; ACTIVATION, one of SELU, RELU, SILU, TANH; RESIDUAL_GATE, REFERENCE
(the wiring) and CONSTANT_GATES, 0 or 1; CHANNELS, their number, or 0 if it is known at run time only, which is a
quarter slower where there are few; TAPS, see convolution.h, which computes the rows unless it is 0. */

#include <math.h>
#include "activations.h"
#include "rows.h"
#include "batch_norm.h"
#include "convolution.h"

#define CHANNELS_OF(call) (CHANNELS ? CHANNELS : (call).channels)

enum { AHEAD = 4 }; /* rows between the one being computed and the one being prefetched */

enum { FIRST_GATE = 2, GATES = 4 + RESIDUAL_GATE, SKIP = GATES - 1 };
enum { WIDTH = CONSTANT_GATES ? 1 : FIRST_GATE + GATES }; /* of a row, in multiples of the channels */
enum { SCRATCH = 6 + GATES, NORMS = 6, SUMS = NORMS + (CONSTANT_GATES ? GATES : 0) };

/* The arguments of one call. An array without a comment has `channels` values. */
struct call {
    struct convolution convolution; /* where TAPS */
    long rows, channels, threads, training;
    double bn_eps, ln_eps, momentum;
    real *packed; /* the rows described above; written where TAPS */
    /* Where gates are constant: */
    const real *bypass; /* rows * channels; or images with channels last, whose values at centres are the bypass */
    long centre_channels, centre_size[2], centre_strides[3]; /* of those images; 0 channels: there are none */
    const real *logits[5]; /* of each gate, before the sigmoid: one a channel */
    long logit_step;       /* 0 where a gate has one number for all channels */
    /* Always: */
    const real *norms[6]; /* weight and bias of batch norm before and after the activation, and of layer norm */
    real *running[4];     /* running mean and variance before, then after the activation */
    real *statistics;   /* 4 * channels: mean and 1 / sqrt(variance + eps) of the layer's output, of its activation */
    real *out;          /* rows * channels: written by forward */
    const real *d_out;  /* rows * channels: read by backward, which writes the members below */
    real *d_packed; /* may be `packed` itself: a row is read, or copied to scratch, before its gradients are written */
    real *d_layer;  /* rows * channels: gradients of the layer's output, until the sums over the batch are known */
    real *d_bypass; /* rows * channels, or rows * centre_channels, where gates are constant; NULL: not asked for */
    real *d_norms;  /* NORMS * channels, in the order of the six weights and biases */
    real *d_logits; /* GATES * channels */
    real *d_x;      /* images: `add_centres` adds d_bypass to them */
    real *gates;    /* GATES * channels: the values of constant gates; set by forward and backward themselves */
};

/* mgu/native/layout.py compares this with the ctypes structure in mgu/unit/kernel.py. */
#define MEMBER(name) {#name, offsetof(struct call, name), sizeof(((struct call *)0)->name)}
const struct { const char *name; long offset, size; } layout[] = {
    MEMBER(convolution), MEMBER(rows), MEMBER(channels), MEMBER(threads), MEMBER(training), MEMBER(bn_eps),
    MEMBER(ln_eps), MEMBER(momentum), MEMBER(packed), MEMBER(bypass), MEMBER(centre_channels), MEMBER(centre_size),
    MEMBER(centre_strides), MEMBER(logits), MEMBER(logit_step), MEMBER(norms), MEMBER(running), MEMBER(statistics),
    MEMBER(out), MEMBER(d_out), MEMBER(d_packed), MEMBER(d_layer), MEMBER(d_bypass), MEMBER(d_norms), MEMBER(d_logits),
    MEMBER(d_x), MEMBER(gates), {NULL, sizeof(struct call), sizeof(struct call)}};

enum { BEFORE_WEIGHT, BEFORE_BIAS, AFTER_WEIGHT, AFTER_BIAS, LN_WEIGHT, LN_BIAS }; /* of norms */
enum { BEFORE_MEAN, BEFORE_VAR, AFTER_MEAN, AFTER_VAR };                             /* of running */

/* Where in the images the bypass of a row is. */
static inline long find_centre(const struct call *k, long row) {
    const uint32_t width = k->centre_size[1], height = k->centre_size[0], line = (uint32_t)row / width;
    return line / height * k->centre_strides[0] + line % height * k->centre_strides[1] +
           (uint32_t)row % width * k->centre_strides[2];
}

/* The bypass of a row, (channels); `room` is for as many. */
static inline const real *find_bypass(const struct call *k, const real *row, long r, long channels, real *room) {
    if (!CONSTANT_GATES) return row + channels;
    if (!k->centre_channels) return k->bypass + r * channels;
    memcpy(room, k->bypass + find_centre(k, r), k->centre_channels * sizeof(real)); /* the other channels stay 0 */
    return room;
}

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

static inline struct mixed mix(const struct call *k, const real *row, const real *bypass, const real *activated,
                               const real *gates, long c, real ln_mean, real ln_scale) {
    const long channels = CHANNELS_OF(*k);
    struct mixed m;
    real x = row[c];
    m.bypass = bypass[c];
    m.activated = activated[c];
    m.bn_before = (x - k->statistics[c]) * k->statistics[channels + c] * k->norms[BEFORE_WEIGHT][c] + k->norms[BEFORE_BIAS][c];
    m.bn_before_activation = activate(m.bn_before); /* eq. 4 */
    m.bn_after_activation = (m.activated - k->statistics[2 * channels + c]) * k->statistics[3 * channels + c] *
                     k->norms[AFTER_WEIGHT][c] + k->norms[AFTER_BIAS][c]; /* eq. 3 */
    m.ln_normed = ((REFERENCE ? m.activated : x) - ln_mean) * ln_scale * k->norms[LN_WEIGHT][c] + k->norms[LN_BIAS][c];
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
    const long scratch = SCRATCH * call->channels + (BLOCK + TOGETHER) * TAPS;
    return for_rows(call, (struct extent){call->rows, call->threads, width * call->channels, scratch}, function, total);
}

/* Convolve where the rows are not there yet: every pass that is the first of a call begins with it. */
static inline void begin_rows(const struct call *k, long first, long last, real *scratch) {
    const long channels = CHANNELS_OF(*k);
    if (TAPS) convolve(&k->convolution, WIDTH * channels, first, last, k->packed, scratch + SCRATCH * channels);
}

/* Sums of x, x^2, A(x) and A(x)^2, of differences to the first row, to avoid cancellation. */
static void sum_statistics(const struct call *call, long first, long last, real *sums, real *scratch) {
    const long channels = CHANNELS_OF(*call);
    const real *packed = call->packed;
    real *first_activated = scratch;
    begin_rows(call, first, last, scratch);
    for (long c = 0; c < channels; c++) first_activated[c] = activate(packed[c]);
    for (long r = first; r < last; r++) {
        const real *row = packed + r * WIDTH * channels;
        prefetch(row, AHEAD * WIDTH * channels, channels);
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

static struct batch_norm norm_before(const struct call *k) {
    return (struct batch_norm){k->statistics, k->statistics + k->channels, k->running[BEFORE_MEAN],
                               k->running[BEFORE_VAR], k->bn_eps, k->momentum};
}

static struct batch_norm norm_after(const struct call *k) {
    return (struct batch_norm){k->statistics + 2 * k->channels, k->statistics + 3 * k->channels,
                               k->running[AFTER_MEAN], k->running[AFTER_VAR], k->bn_eps, k->momentum};
}

static int batch_statistics(const struct call *call) {
    const long channels = call->channels;
    const struct batch_norm before = norm_before(call), after = norm_after(call);
    double *sums = malloc(4 * channels * sizeof(double));
    real *scratch = calloc(SCRATCH * channels + (1 + TOGETHER) * TAPS, sizeof(real));
    int failed = !sums || !scratch;
    if (!failed) begin_rows(call, 0, 1, scratch);
    failed = failed || for_all(call, sum_statistics, 4, sums);
    free(scratch);
    if (failed) {
        free(sums);
        return 1;
    }
    for (long c = 0; c < channels; c++) {
        take_batch(&before, c, call->packed[c], sums[c], sums[channels + c], call->rows);
        take_batch(&after, c, activate(call->packed[c]), sums[2 * channels + c], sums[3 * channels + c], call->rows);
    }
    free(sums);
    return 0;
}

static void mix_rows(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    const long channels = CHANNELS_OF(k);
    real *activated = scratch, *gate_values = scratch + channels;
    real *bypass_room = scratch + (1 + GATES) * channels;
    const real *gates = CONSTANT_GATES ? k.gates : gate_values;
    (void)sums;
    if (!k.training) begin_rows(call, first, last, scratch);
    for (long r = first; r < last; r++) {
        const real *row = k.packed + r * WIDTH * channels;
        real *out = k.out + r * channels, ln_mean, ln_scale;
        prefetch(row, WIDTH * channels, WIDTH * channels);
        const real *bypass = find_bypass(call, row, r, channels, bypass_room);
        begin_row(row, channels, (real)k.ln_eps, activated, gate_values, &ln_mean, &ln_scale);
#pragma omp simd
        for (long c = 0; c < channels; c++) {
            struct mixed m = mix(&k, row, bypass, activated, gates, c, ln_mean, ln_scale);
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
    real *bypass_room = scratch + (4 + GATES) * channels, *d_bypass_room = scratch + (5 + GATES) * channels;
    const long d_bypass_width = k.centre_channels ? k.centre_channels : channels;
    const real *gates = CONSTANT_GATES ? k.gates : gate_values;
    begin_rows(call, first, last, scratch);
    for (long r = first; r < last; r++) {
        const real *row = k.packed + r * WIDTH * channels, *d_out = k.d_out + r * channels;
        real *d_row = k.d_packed + r * WIDTH * channels, *d_layer = k.d_layer + r * channels;
        real *d_bypass = CONSTANT_GATES ? d_bypass_room : d_row + channels;
        real ln_mean, ln_scale, mean_to_ln = 0, mean_product = 0;
        prefetch(row, WIDTH * channels, WIDTH * channels);
        const real *bypass = find_bypass(call, row, r, channels, bypass_room);
        begin_row(row, channels, (real)k.ln_eps, activated, gate_values, &ln_mean, &ln_scale);
#pragma omp simd reduction(+ : mean_to_ln, mean_product)
        for (long c = 0; c < channels; c++) {
            struct mixed m = mix(&k, row, bypass, activated, gates, c, ln_mean, ln_scale);
            real d = d_out[c];
            real d_processed = d * m.to_processed;
            real d_to_bypass = d - d_processed + d_processed * (1 - m.without_residual);
            real d_bn_or_ln = d_processed * m.to_norm;
            real d_activated = d_processed - d_bn_or_ln;
            real d_bn_order = d_bn_or_ln * m.to_bn;
            real d_ln = (d_bn_or_ln - d_bn_order) * (REFERENCE ? 1 : slope(m.ln_normed, m.ln));
            real d_bn_after = d_bn_order * m.to_bn_after;
            real d_bn_before = (d_bn_order - d_bn_after) * slope(m.bn_before, m.bn_before_activation);

            d_bypass[c] = d_to_bypass;
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
            d_layer[c] = s * (d_activated + d_bn_after * k.norms[AFTER_WEIGHT][c] * k.statistics[3 * channels + c]) +
                     d_bn_before * k.norms[BEFORE_WEIGHT][c] * k.statistics[channels + c];
            normalised[c] = in_ln;
            to_ln[c] = d_ln * k.norms[LN_WEIGHT][c];
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
        if (CONSTANT_GATES && k.d_bypass)
            memcpy(k.d_bypass + r * d_bypass_width, d_bypass, d_bypass_width * sizeof(real));
    }
}

/* Write the gradient of the layer's output into d_packed; in training, subtract what flows through the mean and the
   variance of the batch norms, which depend on every row: d_norms has the sums. Then the gradients of a convolution that is
   computed here. */
static void finish_layer(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    const long channels = CHANNELS_OF(k);
    const real share = k.training ? 1 / (real)k.rows : 0;
    (void)sums, (void)scratch;
    for (long r = first; r < last; r++) {
        const real *row = k.packed + r * WIDTH * channels, *d_layer = k.d_layer + r * channels;
        real *d_row = k.d_packed + r * WIDTH * channels;
        prefetch(row, AHEAD * WIDTH * channels, channels);
#pragma omp simd
        for (long c = 0; c < channels; c++) {
            real before_scale = k.statistics[channels + c], after_scale = k.statistics[3 * channels + c];
            real x = row[c], activated = activate(x);
            real before = (x - k.statistics[c]) * before_scale;
            real after = (activated - k.statistics[2 * channels + c]) * after_scale;
            real of_before = k.norms[BEFORE_WEIGHT][c] * before_scale * (k.d_norms[channels + c] + before * k.d_norms[c]);
            real of_after = k.norms[AFTER_WEIGHT][c] * after_scale *
                            (k.d_norms[3 * channels + c] + after * k.d_norms[2 * channels + c]);
            d_row[c] = d_layer[c] - share * (of_before + slope(x, activated) * of_after);
        }
    }
    if (TAPS)
        add_gradients(&k.convolution, WIDTH * channels, first, last, k.d_packed, sums, scratch + SCRATCH * channels);
}

/* Compute the values of constant gates, and order the weight of a convolution. Returns 0, or 1 where memory has run
   out. */
static int begin_call(struct call *call) {
    const long channels = call->channels;
    if (CONSTANT_GATES) {
        call->gates = malloc(GATES * channels * sizeof(real));
        if (!call->gates) return 1;
        for (long gate = 0; gate < GATES; gate++)
            for (long c = 0; c < channels; c++)
                call->gates[gate * channels + c] = sigmoid(call->logits[gate][c * call->logit_step]);
    }
    return TAPS && pack_weight(&call->convolution, WIDTH * channels);
}

static void end_call(struct call *call) {
    if (CONSTANT_GATES) free(call->gates);
    if (TAPS) free_weight(&call->convolution);
}

/* Both return 0, or 1 where memory has run out. */
int forward(const struct call *given) {
    struct call call = *given;
    int failed = begin_call(&call);
    const struct batch_norm before = norm_before(&call), after = norm_after(&call);
    if (!call.training) {
        take_running(&before, call.channels);
        take_running(&after, call.channels);
    } else
        failed = failed || batch_statistics(&call);
    failed = failed || for_all(&call, mix_rows, 0, NULL);
    end_call(&call);
    return failed;
}

int backward(const struct call *given) {
    struct call call = *given;
    const long channels = call.channels, norms = NORMS * channels, of_layer = TAPS ? (TAPS + 1) * WIDTH : 0;
    double *sums = malloc((SUMS > of_layer ? SUMS : of_layer) * channels * sizeof(double));
    int failed = !sums || begin_call(&call);
    failed = failed || for_all(&call, mix_rows_backward, SUMS, sums);
    for (long i = 0; i < SUMS * channels && !failed; i++) {
        if (i < norms) {
            call.d_norms[i] = (real)sums[i];
        } else {
            real value = call.gates[i - norms];
            call.d_logits[i - norms] = (real)sums[i] * value * (1 - value);
        }
    }
    failed = failed || for_all(&call, finish_layer, of_layer, sums);
    if (TAPS && !failed) store_gradients(&call.convolution, WIDTH * channels, sums);
    if (sums) end_call(&call);
    free(sums);
    return failed;
}

/* Add the gradients of the bypass to those of the images that it is read off. */
void add_centres(const struct call *k) {
#pragma omp parallel for schedule(static) num_threads(k->threads)
    for (long r = 0; r < k->rows; r++) {
        real *to = k->d_x + find_centre(k, r);
        const real *from = k->d_bypass + r * k->centre_channels;
#pragma omp simd
        for (long c = 0; c < k->centre_channels; c++) to[c] += from[c];
    }
}
