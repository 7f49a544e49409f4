/* What follows the transforms where gates depend on x: each element has gate values of its own, and their gradients.

To be included by fused.c after what is common to both kinds of gates. */

/* Everything between the transforms and the output, for one element. Names without a comment are those of
   MultiGatedUnit.branches. */
struct mixed {
    real activated, bn_before_activation, bn_after_activation, ln, bypass;
    real bn_before, ln_normed; /* BN(L), LN(L) or LN(A(L)): before an activation */
    real to_bn_after, to_bn, to_norm, without_residual, to_processed; /* weights of the branches that gates choose */
    real bn_order, bn_or_ln, norm_or_none, processed;
};

static inline struct mixed mix(const struct call *k, const real *row, const real *activated, const real *gates, long c,
                               real ln_mean, real ln_scale) {
    const long channels = CHANNELS_OF(*k);
    struct mixed m;
    real x = row[c];
    m.bypass = row[channels + c];
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

static int begin_mixing(struct call *call) {
    (void)call;
    return 0;
}

static void end_mixing(struct call *call) { (void)call; }

/* Compute what takes exponentials of a tile, in loops short enough for the processor's registers: the activation of the
   layer's output and the gate values; and what layer normalisation needs of it. */
static inline void begin_tile(const struct call *k, const real *rows, long channels, real *activated, real *gate_values,
                              struct tile *tile) {
    for (long t = 0; t < tile->count; t++) {
        const real *row = rows + t * WIDTH * channels;
        prefetch(row, WIDTH * TILE * channels, WIDTH * channels);
#pragma omp simd
        for (long c = 0; c < channels; c++) activated[t * channels + c] = activate(row[c]);
#pragma omp simd
        for (long i = 0; i < GATES * channels; i++)
            gate_values[t * GATES * channels + i] = sigmoid(row[FIRST_GATE * channels + i]);
    }
    normalise_tile(REFERENCE ? activated : rows, REFERENCE ? channels : WIDTH * channels, channels, k->ln_eps, tile);
}

static void mix_rows(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    const long channels = CHANNELS_OF(k);
    real *activated = scratch, *gate_values = scratch + TILE * channels;
    struct tile tile = {0};
    (void)sums;
    if (!k.training) begin_rows(call, first, last, scratch);
    for (long start = first; start < last; start += TILE) {
        const real *rows = k.packed + start * WIDTH * channels;
        tile.count = rows_of_tile(start, last);
        begin_tile(call, rows, channels, activated, gate_values, &tile);
        for (long t = 0; t < tile.count; t++) {
            const real *row = rows + t * WIDTH * channels, *gates = gate_values + t * GATES * channels;
            real *out = k.out + (start + t) * channels;
#pragma omp simd
            for (long c = 0; c < channels; c++) {
                struct mixed m = mix(&k, row, activated + t * channels, gates, c, tile.mean[t], tile.scale[t]);
                out[c] = m.bypass + m.to_processed * (m.processed - m.bypass); /* eq. 19 */
            }
        }
    }
}

/* Store the gradient of a gate value, through the sigmoid, in the row. */
static inline void store_gate(real *d_row, const real *gates, long channels, long gate, long c, real d_value) {
    real value = gates[gate * channels + c]; /* not 1 - value, which rounds a small one away */
    d_row[(FIRST_GATE + gate) * channels + c] = d_value * value * (1 - value);
}

enum { SUMS = NORMS };

/* Write the gradients of all but the layer's output into d_packed, and of that output the part that does not depend on
   sums over the batch into d_layer. The sums are the gradients of the six weights and biases, from which the rest
   follows. */
static void mix_rows_backward(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    const long channels = CHANNELS_OF(k);
    real *activated = scratch, *gate_values = activated + TILE * channels;
    real *all_to_ln = gate_values + TILE * GATES * channels, *all_normalised = all_to_ln + TILE * channels;
    real *slopes = all_normalised + TILE * channels;
    struct tile tile = {0};
    begin_rows(call, first, last, scratch);
    for (long start = first; start < last; start += TILE) {
        const real *rows = k.packed + start * WIDTH * channels;
        real *d_layers = k.d_layer + start * channels;
        tile.count = rows_of_tile(start, last);
        begin_tile(call, rows, channels, activated, gate_values, &tile);
        for (long t = 0; t < tile.count; t++) {
            const real *row = rows + t * WIDTH * channels, *gates = gate_values + t * GATES * channels;
            const real *d_out = k.d_out + (start + t) * channels, ln_mean = tile.mean[t], ln_scale = tile.scale[t];
            real *d_row = k.d_packed + (start + t) * WIDTH * channels, *d_layer = d_layers + t * channels;
            real *to_ln = all_to_ln + t * channels, *normalised = all_normalised + t * channels;
#pragma omp simd
            for (long c = 0; c < channels; c++) {
                struct mixed m = mix(&k, row, activated + t * channels, gates, c, ln_mean, ln_scale);
                real d = d_out[c];
                real d_processed = d * m.to_processed;
                real d_to_bypass = d - d_processed + d_processed * (1 - m.without_residual);
                real d_bn_or_ln = d_processed * m.to_norm;
                real d_activated = d_processed - d_bn_or_ln;
                real d_bn_order = d_bn_or_ln * m.to_bn;
                real d_ln = (d_bn_or_ln - d_bn_order) * (REFERENCE ? 1 : slope(m.ln_normed, m.ln));
                real d_bn_after = d_bn_order * m.to_bn_after;
                real d_bn_before = (d_bn_order - d_bn_after) * slope(m.bn_before, m.bn_before_activation);

                d_row[channels + c] = d_to_bypass;
                store_gate(d_row, gates, channels, 0, c,
                          TOWARDS * d_bn_order * (m.bn_after_activation - m.bn_before_activation));
                store_gate(d_row, gates, channels, 1, c, d_bn_or_ln * (m.bn_order - m.ln));
                store_gate(d_row, gates, channels, 2, c, d_processed * (m.bn_or_ln - m.activated));
                if (RESIDUAL_GATE) store_gate(d_row, gates, channels, 3, c, -d_processed * m.bypass);
                store_gate(d_row, gates, channels, SKIP, c, TOWARDS * d * (m.processed - m.bypass));

                real in_ln = ((REFERENCE ? m.activated : row[c]) - ln_mean) * ln_scale;
                sums[c] += d_bn_before * (row[c] - k.statistics[c]) * k.statistics[channels + c];
                sums[channels + c] += d_bn_before;
                sums[2 * channels + c] +=
                    d_bn_after * (m.activated - k.statistics[2 * channels + c]) * k.statistics[3 * channels + c];
                sums[3 * channels + c] += d_bn_after;
                sums[4 * channels + c] += d_ln * in_ln;
                sums[5 * channels + c] += d_ln;

                real s = slope(row[c], m.activated);
                slopes[t * channels + c] = s;
                d_layer[c] = s * (d_activated + d_bn_after * k.norms[AFTER_WEIGHT][c] * k.statistics[3 * channels + c]) +
                         d_bn_before * k.norms[BEFORE_WEIGHT][c] * k.statistics[channels + c];
                normalised[c] = in_ln;
                to_ln[c] = d_ln * k.norms[LN_WEIGHT][c];
            }
        }
        back_through_tile(&tile, all_normalised, channels, all_to_ln);
#pragma omp simd
        for (long i = 0; i < tile.count * channels; i++)
            d_layers[i] += REFERENCE ? slopes[i] * all_to_ln[i] : all_to_ln[i];
    }
}

/* Write the gradients of norms, which are the sums. */
static void store_sums(const struct call *k, const double *sums) {
    for (long i = 0; i < NORMS * k->channels; i++) k->d_norms[i] = (real)sums[i];
}
