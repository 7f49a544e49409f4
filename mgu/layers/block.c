/* Everything after the layer of a baseline block, forward and backward: normalisation, activation, residual sum; where
the layer is a convolution of few values under a window, that one, too.

A row is one position: the channels of the layer's output. What one pass can recompute is not stored: backward reads the
same rows again, and the statistics of batch norm. mgu/layers/native_block.py decides when this runs; Block.forward
computes the same in plain torch, and tests compare the two.

Macros given to the compiler: REAL, float or double; ACTIVATION, one of SELU, RELU, SILU, TANH; NORM, one of NO_NORM,
BN_PRE, BN_POST, LN; CHANNELS, their number, or 0 if it is known at run time only; TAPS, see convolution.h, which
computes the layer unless it is 0. */

#include <math.h>
#include "activations.h"
#include "rows.h"
#include "lanes.h"
#include "activation_lanes.h"
#include "batch_norm.h"
#include "convolution.h"
#include "lane_sums.h"

enum { TILE = CHANNELS && CHANNELS <= 32 ? 16 : SUMMED }; /* rows that stay in the fastest cache */
#include "layer_norm.h"

#define CHANNELS_OF(call) (CHANNELS ? CHANNELS : (call).channels)

enum { NO_NORM, BN_PRE, BN_POST, LN };
enum { IS_BATCH_NORM = NORM == BN_PRE || NORM == BN_POST };
/* Sums of the first pass of backward: gradients of the norm; unless another pass follows, then the layer's bias. */
enum { OF_NORM = NORM == NO_NORM ? 0 : 2, SUMS = OF_NORM + !IS_BATCH_NORM };

/* The arguments of one call. An array without a comment has `channels` values. */
struct call {
    struct convolution convolution; /* where TAPS */
    long rows, channels, threads, training;
    double eps, momentum;
    real *layer;       /* rows * channels: the output of the layer; written where TAPS */
    const real *added; /* rows * channels: the residual; NULL without */
    const real *weight, *bias;
    real *running_mean, *running_var;
    real *statistics;  /* 2 * channels: mean and 1 / sqrt(variance + eps) of what batch norm normalises */
    real *out;         /* rows * channels: written by forward */
    const real *d_out; /* rows * channels: read by backward, which writes the members below */
    real *d_layer;     /* rows * channels: not `layer` itself */
    real *d_norm;      /* 2 * channels: of weight and bias */
    real *d_bias;      /* of the layer, unless TAPS; NULL: not asked for */
};

/* mgu/native/layout.py compares this with the ctypes structure in mgu/layers/block_kernel.py. */
#define MEMBER(name) {#name, offsetof(struct call, name), sizeof(((struct call *)0)->name)}
const struct { const char *name; long offset, size; } layout[] = {
    MEMBER(convolution), MEMBER(rows), MEMBER(channels), MEMBER(threads), MEMBER(training), MEMBER(eps),
    MEMBER(momentum), MEMBER(layer), MEMBER(added), MEMBER(weight), MEMBER(bias), MEMBER(running_mean),
    MEMBER(running_var), MEMBER(statistics), MEMBER(out), MEMBER(d_out), MEMBER(d_layer), MEMBER(d_norm),
    MEMBER(d_bias), {NULL, sizeof(struct call), sizeof(struct call)}};

/* What is computed of a tile (layer norm), then the values under the windows of the rows that are computed at once. */
static inline long scratch_of(long channels) { return NORM == LN ? 3 * (TILE * channels + GAP) : 0; }
static inline long all_scratch_of(const struct call *k) { return scratch_of(k->channels) + TOGETHER * TAPS; }

/* Apply a function to all rows, with `sums` sums. */
static int for_all(const struct call *call, rows_function *function, long sums, double *total) {
    return for_rows(call, (struct extent){call->rows, call->threads, sums, all_scratch_of(call)}, function, total);
}

/* What batch norm normalises. */
static inline lanes to_batch_norm(lanes x) { return NORM == BN_POST ? activate_lanes(x) : x; }

/* A function of up to LANES channels of a row, from `c` on; it adds to `sums` as rows_function does. */
typedef void lanes_function(const struct call *k, long row, long c, long count, real *sums);

/* Apply such a function to all channels of some rows. */
SPECIALISED void for_lanes(const struct call *k, lanes_function *function, long first, long last, real *sums) {
    const long channels = CHANNELS_OF(*k), whole = channels / LANES * LANES;
    for (long row = first; row < last; row++) {
        for (long c = 0; c < whole; c += LANES) function(k, row, c, LANES, sums);
        if (whole < channels) function(k, row, whole, channels - whole, sums);
    }
}

/* Add to a few of the sums. */
SPECIALISED void add_lanes(real *sums, lanes added, long count) {
    write_lanes(sums, read_lanes(sums, count) + added, count);
}

/* Convolve where the rows are not there yet: every pass that is the first of a call begins with it. */
static inline void begin_rows(const struct call *k, long first, long last, real *scratch) {
    const long channels = CHANNELS_OF(*k);
    if (TAPS) convolve(&k->convolution, channels, first, last, k->layer, scratch + scratch_of(channels));
}

/* Add to the sums of values and of their squares, of differences to a shift near the mean, to avoid cancellation.
   `statistics` has the shift of each channel in its first half: the first row, unless that is an outlier. */
SPECIALISED void sum_lanes(const struct call *k, long row, long c, long count, real *sums) {
    const long channels = CHANNELS_OF(*k);
    const lanes x = to_batch_norm(read_lanes(k->layer + row * channels + c, count));
    const lanes value = x - read_lanes(k->statistics + c, count);
    add_lanes(sums + c, value, count);
    add_lanes(sums + channels + c, value * value, count);
}

static void sum_statistics(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    begin_rows(call, first, last, scratch);
    for_lanes(&k, sum_lanes, first, last, sums);
}

static struct batch_norm norm_of(const struct call *k) {
    return (struct batch_norm){k->statistics, k->statistics + k->channels, k->running_mean, k->running_var, k->eps,
                               k->momentum};
}

static int batch_statistics(const struct call *call) {
    const long channels = CHANNELS_OF(*call);
    const struct batch_norm norm = norm_of(call);
    double *sums = malloc(2 * channels * sizeof(double));
    real *scratch = calloc(all_scratch_of(call), sizeof(real));
    int failed = !sums || !scratch;
    if (!failed) {
        begin_rows(call, 0, 1, scratch);
        for (long c = 0; c < channels; c++)
            norm.mean[c] = NORM == BN_POST ? activate(call->layer[c]) : call->layer[c];
        failed = for_all(call, sum_statistics, 2 * channels, sums);
        if (!failed && move_shifts(norm.mean, sums, channels, call->rows))
            failed = for_all(call, sum_statistics, 2 * channels, sums);
    }
    for (long c = 0; c < channels && !failed; c++)
        take_batch(&norm, c, norm.mean[c], sums[c], sums[channels + c], call->rows);
    free(sums);
    free(scratch);
    return failed;
}

/* The activation of a tile, and its means and scales. */
static inline void begin_tile(const struct call *k, long start, long last, real *activated, struct tile *tile) {
    const long channels = CHANNELS_OF(*k);
    const real *rows = k->layer + start * channels;
    tile->count = rows_of_tile(start, last);
#pragma omp simd
    for (long i = 0; i < tile->count * channels; i++) activated[i] = activate(rows[i]);
    normalise_tile(activated, channels, channels, k->eps, tile);
}

/* Layer normalisation after the activation. */
static void normalise_rows(const struct call *k, long first, long last, real *activated) {
    const long channels = CHANNELS_OF(*k);
    struct tile tile;
    for (long start = first; start < last; start += TILE) {
        begin_tile(k, start, last, activated, &tile);
        for (long t = 0; t < tile.count; t++) {
            const real *values = activated + t * channels;
            real *out = k->out + (start + t) * channels;
#pragma omp simd
            for (long c = 0; c < channels; c++)
                out[c] = (values[c] - tile.mean[t]) * tile.scale[t] * k->weight[c] + k->bias[c];
        }
    }
}

/* The norm of a channel: its statistics, weight and bias. */
struct of_channels {
    lanes mean, scale, weight, bias;
};

SPECIALISED struct of_channels read_channels(const struct call *k, long c, long count) {
    struct of_channels of = {{0}};
    if (!IS_BATCH_NORM) return of;
    of.mean = read_lanes(k->statistics + c, count);
    of.scale = read_lanes(k->statistics + CHANNELS_OF(*k) + c, count);
    of.weight = read_lanes(k->weight + c, count), of.bias = read_lanes(k->bias + c, count);
    return of;
}

/* The output without residual, unless by layer norm. */
SPECIALISED void forward_lanes(const struct call *k, long row, long c, long count, real *sums) {
    const struct of_channels of = read_channels(k, c, count);
    const long place = row * CHANNELS_OF(*k) + c;
    lanes y = read_lanes(k->layer + place, count);
    (void)sums;
    if (NORM == BN_PRE)
        y = activate_lanes((y - of.mean) * of.scale * of.weight + of.bias);
    else if (NORM == BN_POST)
        y = (activate_lanes(y) - of.mean) * of.scale * of.weight + of.bias;
    else
        y = activate_lanes(y);
    write_lanes(k->out + place, y, count);
}

static void forward_rows(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    const long channels = CHANNELS_OF(k);
    if (!IS_BATCH_NORM || !k.training) begin_rows(call, first, last, scratch);
    if (NORM == LN)
        normalise_rows(call, first, last, scratch);
    else
        for_lanes(&k, forward_lanes, first, last, sums);
    if (k.added)
#pragma omp simd
        for (long i = first * channels; i < last * channels; i++) k.out[i] += k.added[i];
}

/* Back through layer normalisation and the activation; the sums are the gradients of its weight and bias, and of the
   layer's bias. */
static void normalise_rows_backward(const struct call *k, long first, long last, real *sums, real *activated) {
    const long channels = CHANNELS_OF(*k);
    real *normalised = activated + TILE * channels + GAP, *d = normalised + TILE * channels + GAP;
    struct tile tile;
    for (long start = first; start < last; start += TILE) {
        const real *rows = k->layer + start * channels;
        real *d_layer = k->d_layer + start * channels;
        begin_tile(k, start, last, activated, &tile);
        for (long t = 0; t < tile.count; t++) {
            const real *d_out = k->d_out + (start + t) * channels;
#pragma omp simd
            for (long c = 0; c < channels; c++) {
                const long i = t * channels + c;
                normalised[i] = (activated[i] - tile.mean[t]) * tile.scale[t];
                sums[c] += d_out[c] * normalised[i];
                sums[channels + c] += d_out[c];
                d[i] = d_out[c] * k->weight[c];
            }
        }
        back_through_tile(&tile, normalised, channels, d);
        for (long t = 0; t < tile.count; t++)
#pragma omp simd
            for (long c = 0; c < channels; c++) {
                const long i = t * channels + c;
                d_layer[i] = d[i] * slope(rows[i], activated[i]);
                sums[OF_NORM * channels + c] += d_layer[i];
            }
    }
}

/* Write into d_layer the gradient of the layer's output, or of what batch norm returns, of which the rest of the way
   depends on sums over the batch. The sums are the gradients of weight and bias; without a norm the layer's bias. */
SPECIALISED void backward_lanes(const struct call *k, long row, long c, long count, real *sums) {
    const long channels = CHANNELS_OF(*k), place = row * channels + c;
    const struct of_channels of = read_channels(k, c, count);
    const lanes x = read_lanes(k->layer + place, count);
    lanes d = read_lanes(k->d_out + place, count);
    if (NORM == BN_PRE) {
        const lanes normalised = (x - of.mean) * of.scale, y = normalised * of.weight + of.bias;
        d *= slope_lanes(y, activate_lanes(y));
        add_lanes(sums + c, d * normalised, count);
    } else if (NORM == BN_POST)
        add_lanes(sums + c, d * (activate_lanes(x) - of.mean) * of.scale, count);
    else
        d *= slope_lanes(x, activate_lanes(x));
    add_lanes(sums + (IS_BATCH_NORM ? channels : 0) + c, d, count);
    write_lanes(k->d_layer + place, d, count);
}

static void backward_rows(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    begin_rows(call, first, last, scratch);
    if (NORM == LN)
        normalise_rows_backward(call, first, last, sums, scratch);
    else
        for_lanes(&k, backward_lanes, first, last, sums);
}

/* Through batch norm: in training, subtract what flows through mean and variance, which depend on every row; d_norm has
   the sums. Those that are added to here are the gradient of the layer's bias. */
SPECIALISED void finish_lanes(const struct call *k, long row, long c, long count, real *sums) {
    const long channels = CHANNELS_OF(*k), place = row * channels + c;
    const struct of_channels of = read_channels(k, c, count);
    const lanes x = read_lanes(k->layer + place, count), y = to_batch_norm(x);
    const lanes to_weight = read_lanes(k->d_norm + c, count), to_bias = read_lanes(k->d_norm + channels + c, count);
    lanes d = read_lanes(k->d_layer + place, count);
    if (k->training) d -= 1 / (real)k->rows * (to_bias + (y - of.mean) * of.scale * to_weight);
    d *= of.weight * of.scale;
    if (NORM == BN_POST) d *= slope_lanes(x, y);
    if (!TAPS && k->d_bias) add_lanes(sums + c, d, count);
    write_lanes(k->d_layer + place, d, count);
}

/* Through batch norm; then the gradients of a convolution that is computed here. */
static void finish_rows(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    const long channels = CHANNELS_OF(k);
    if (IS_BATCH_NORM) for_lanes(&k, finish_lanes, first, last, sums);
    if (TAPS) add_gradients(&k.convolution, channels, first, last, k.d_layer, sums, scratch + scratch_of(channels));
}

/* Both return 0, or 1 where memory has run out. */
int forward(const struct call *given) {
    struct call call = *given;
    int failed = TAPS && pack_weight(&call.convolution, call.channels);
    const struct batch_norm norm = norm_of(&call);
    if (IS_BATCH_NORM && !call.training)
        take_running(&norm, call.channels);
    else if (IS_BATCH_NORM && !failed)
        failed = batch_statistics(&call);
    failed = failed || for_all(&call, forward_rows, 0, NULL);
    if (TAPS) free_weight(&call.convolution);
    return failed;
}

int backward(const struct call *given) {
    struct call call = *given;
    const long channels = call.channels, of_layer = TAPS ? (TAPS + 1) * channels : channels;
    double *sums = malloc((SUMS * channels + of_layer) * sizeof(double));
    int failed = !sums || (TAPS && pack_weight(&call.convolution, channels));
    double *of_bias = IS_BATCH_NORM ? sums : sums + OF_NORM * channels;
    failed = failed || for_all(&call, backward_rows, SUMS * channels, sums);
    for (long i = 0; i < OF_NORM * channels && !failed; i++) call.d_norm[i] = (real)sums[i];
    if (IS_BATCH_NORM || TAPS) failed = failed || for_all(&call, finish_rows, of_layer, sums);
    for (long c = 0; c < channels && !TAPS && call.d_bias && !failed; c++) call.d_bias[c] = (real)of_bias[c];
    if (TAPS && !failed) store_gradients(&call.convolution, channels, sums);
    if (TAPS) free_weight(&call.convolution);
    free(sums);
    return failed;
}
