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
#include "lanes.h"
#include "activation_lanes.h"
#include "batch_norm.h"
#include "convolution.h"
#include "lane_sums.h"

enum { TILE = CONSTANT_GATES && CHANNELS && CHANNELS <= 32 ? 16 : SUMMED }; /* rows that stay in the fastest cache */
#include "layer_norm.h"

#define CHANNELS_OF(call) (CHANNELS ? CHANNELS : (call).channels)

enum { FIRST_GATE = 2, GATES = 4 + RESIDUAL_GATE, SKIP = GATES - 1 };
enum { WIDTH = CONSTANT_GATES ? 1 : FIRST_GATE + GATES }; /* of a row, in multiples of the channels */
enum { SUMS_BIAS = CONSTANT_GATES && !TAPS }; /* whether the last pass of backward sums the gradient of the bias */
enum { SCRATCH = CONSTANT_GATES ? 3 : 4 + GATES, NORMS = 6 }; /* arrays of a tile */

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
    real *d_bias;   /* of the layer, where gates are constant and the layer is not computed here; NULL: not asked for */
    real *d_x;      /* images: `add_centres` adds d_bypass to them */
    real *weights, *gates; /* of the branches, and values, where gates are constant; set by forward and backward */
};

/* mgu/native/layout.py compares this with the ctypes structure in mgu/unit/kernel.py. */
#define MEMBER(name) {#name, offsetof(struct call, name), sizeof(((struct call *)0)->name)}
const struct { const char *name; long offset, size; } layout[] = {
    MEMBER(convolution), MEMBER(rows), MEMBER(channels), MEMBER(threads), MEMBER(training), MEMBER(bn_eps),
    MEMBER(ln_eps), MEMBER(momentum), MEMBER(packed), MEMBER(bypass), MEMBER(centre_channels), MEMBER(centre_size),
    MEMBER(centre_strides), MEMBER(logits), MEMBER(logit_step), MEMBER(norms), MEMBER(running), MEMBER(statistics),
    MEMBER(out), MEMBER(d_out), MEMBER(d_packed), MEMBER(d_layer), MEMBER(d_bypass), MEMBER(d_norms), MEMBER(d_logits),
    MEMBER(d_bias), MEMBER(d_x), MEMBER(weights), MEMBER(gates), {NULL, sizeof(struct call), sizeof(struct call)}};

enum { BEFORE_WEIGHT, BEFORE_BIAS, AFTER_WEIGHT, AFTER_BIAS, LN_WEIGHT, LN_BIAS }; /* of norms */
enum { BEFORE_MEAN, BEFORE_VAR, AFTER_MEAN, AFTER_VAR };                             /* of running */

/* In the reference wiring two gates have the opposite polarity. */
#define TOWARDS (REFERENCE ? -1 : 1)

/* Numbers that the arrays of a tile take. */
static inline long scratch_of(long channels) { return SCRATCH * (TILE * channels + GAP); }

/* Apply a function to all rows, with `width` sums per channel. */
static int for_all(const struct call *call, rows_function *function, long width, double *total) {
    const long scratch = scratch_of(call->channels) + TOGETHER * TAPS;
    return for_rows(call, (struct extent){call->rows, call->threads, width * call->channels, scratch}, function, total);
}

/* Convolve where the rows are not there yet: every pass that is the first of a call begins with it. */
static inline void begin_rows(const struct call *k, long first, long last, real *scratch) {
    const long channels = CHANNELS_OF(*k);
    if (TAPS) convolve(&k->convolution, WIDTH * channels, first, last, k->packed, scratch + scratch_of(channels));
}

/* Prefetch the tile after the one that begins here, where its rows are not read in the order of memory. */
static inline void prefetch_tile(const real *from, long channels) {
    if (channels > LANES) prefetch(from, TILE * channels, TILE * channels);
}

/* The same of the layer's output alone, in rows that hold those of gates as well. */
static inline void prefetch_layer(const real *from, long channels) {
    for (long row = TILE; row < 2 * TILE; row++) prefetch(from, row * WIDTH * channels, channels);
}

/* Add to the sums of x, x^2, A(x) and A(x)^2 in up to LANES channels, of differences to shifts near the means, to avoid
   cancellation. `statistics` has the shifts where the means will be: x and A(x) of the first row, unless that is an
   outlier. */
SPECIALISED void sum_lanes(const struct call *k, long first, long last, long c, long count, real *sums) {
    const long channels = CHANNELS_OF(*k);
    const lanes shift = read_lanes(k->statistics + c, count);
    const lanes activated_shift = read_lanes(k->statistics + 2 * channels + c, count);
    lanes totals[4];
    for (long i = 0; i < 4; i++) totals[i] = read_lanes(sums + i * channels + c, count);
    for (long r = first; r < last; r++) {
        const lanes row = read_lanes(k->packed + r * WIDTH * channels + c, count);
        const lanes x = row - shift, a = activate_lanes(row) - activated_shift;
        totals[0] += x;
        totals[1] += x * x;
        totals[2] += a;
        totals[3] += a * a;
    }
    for (long i = 0; i < 4; i++) write_lanes(sums + i * channels + c, totals[i], count);
}

static void sum_statistics(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    const long channels = CHANNELS_OF(k), whole = channels / LANES * LANES;
    begin_rows(call, first, last, scratch);
    for (long start = first; start < last; start += TILE) {
        const long end = start + rows_of_tile(start, last);
        prefetch_layer(k.packed + start * WIDTH * channels, channels);
        for (long c = 0; c < whole; c += LANES) sum_lanes(&k, start, end, c, LANES, sums);
        if (whole < channels) sum_lanes(&k, start, end, whole, channels - whole, sums);
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
    real *scratch = calloc(scratch_of(channels) + TOGETHER * TAPS, sizeof(real));
    int failed = !sums || !scratch;
    if (!failed) {
        begin_rows(call, 0, 1, scratch);
        for (long c = 0; c < channels; c++) before.mean[c] = call->packed[c], after.mean[c] = activate(call->packed[c]);
        failed = for_all(call, sum_statistics, 4, sums);
    }
    if (!failed) {
        const int is_moved = move_shifts(before.mean, sums, channels, call->rows);
        if (move_shifts(after.mean, sums + 2 * channels, channels, call->rows) || is_moved)
            failed = for_all(call, sum_statistics, 4, sums);
    }
    for (long c = 0; c < channels && !failed; c++) {
        take_batch(&before, c, before.mean[c], sums[c], sums[channels + c], call->rows);
        take_batch(&after, c, after.mean[c], sums[2 * channels + c], sums[3 * channels + c], call->rows);
    }
    free(sums);
    free(scratch);
    return failed;
}

#if CONSTANT_GATES
#include "constant_gates.h"
#else
#include "gates_of_x.h"
#endif

/* Write the gradient of the layer's output into d_packed, in up to LANES channels; in training, subtract what flows
   through the mean and the variance of the batch norms, which depend on every row: d_norms has the sums. */
SPECIALISED void finish_lanes(const struct call *k, long first, long last, long c, long count, real *sums) {
    const long channels = CHANNELS_OF(*k);
    const real share = 1 / (real)k->rows;
    lanes d_norms[4], total = {0};
    for (long i = 0; i < 4; i++) d_norms[i] = read_lanes(k->d_norms + i * channels + c, count);
    const lanes mean = read_lanes(k->statistics + c, count), scale = read_lanes(k->statistics + channels + c, count);
    const lanes after_mean = read_lanes(k->statistics + 2 * channels + c, count);
    const lanes after_scale = read_lanes(k->statistics + 3 * channels + c, count);
    const lanes of_before = share * scale * read_lanes(k->norms[BEFORE_WEIGHT] + c, count);
    const lanes of_after = share * after_scale * read_lanes(k->norms[AFTER_WEIGHT] + c, count);
    const lanes before_share = of_before * d_norms[1], before_slope = of_before * scale * d_norms[0];
    const lanes after_share = of_after * d_norms[3], after_slope = of_after * after_scale * d_norms[2];
    if (SUMS_BIAS) total = read_lanes(sums + c, count);
    for (long r = first; r < last; r++) {
        lanes d = read_lanes(k->d_layer + r * channels + c, count);
        if (k->training) {
            const lanes x = read_lanes(k->packed + r * WIDTH * channels + c, count), a = activate_lanes(x);
            d -= before_share + (x - mean) * before_slope;
            d -= slope_lanes(x, a) * (after_share + (a - after_mean) * after_slope);
        }
        write_lanes(k->d_packed + r * WIDTH * channels + c, d, count);
        total += d;
    }
    if (SUMS_BIAS) write_lanes(sums + c, total, count);
}

/* The gradient of the layer's output; the sums are those of its bias, or all of a convolution that is computed here. */
static void finish_layer(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    const long channels = CHANNELS_OF(k), whole = channels / LANES * LANES;
    for (long start = first; start < last; start += TILE) {
        const long end = start + rows_of_tile(start, last);
        prefetch_layer(k.packed + start * WIDTH * channels, channels);
        prefetch_tile(k.d_layer + start * channels, channels);
        for (long c = 0; c < whole; c += LANES) finish_lanes(&k, start, end, c, LANES, sums);
        if (whole < channels) finish_lanes(&k, start, end, whole, channels - whole, sums);
    }
    if (TAPS)
        add_gradients(&k.convolution, WIDTH * channels, first, last, k.d_packed, sums, scratch + scratch_of(channels));
}

/* Both return 0, or 1 where memory has run out. */
int forward(const struct call *given) {
    struct call call = *given;
    int failed = TAPS && pack_weight(&call.convolution, WIDTH * call.channels);
    const struct batch_norm before = norm_before(&call), after = norm_after(&call);
    if (!call.training) {
        take_running(&before, call.channels);
        take_running(&after, call.channels);
    } else
        failed = failed || batch_statistics(&call);
    failed = begin_mixing(&call) || failed || for_all(&call, mix_rows, 0, NULL);
    end_mixing(&call);
    if (TAPS) free_weight(&call.convolution);
    return failed;
}

int backward(const struct call *given) {
    struct call call = *given;
    const long channels = call.channels, of_layer = TAPS ? (TAPS + 1) * WIDTH : SUMS_BIAS;
    double *sums = malloc((SUMS > of_layer ? SUMS : of_layer) * channels * sizeof(double));
    int failed = !sums || (TAPS && pack_weight(&call.convolution, WIDTH * channels));
    failed = begin_mixing(&call) || failed || for_all(&call, mix_rows_backward, SUMS, sums);
    if (!failed) store_sums(&call, sums);
    failed = failed || for_all(&call, finish_layer, of_layer, sums);
    for (long c = 0; SUMS_BIAS && c < channels && call.d_bias && !failed; c++) call.d_bias[c] = (real)sums[c];
    if (TAPS && !failed) store_gradients(&call.convolution, WIDTH * channels, sums);
    end_mixing(&call);
    if (TAPS) free_weight(&call.convolution);
    free(sums);
    return failed;
}
