/* What follows the layer where gates do not depend on x: per channel, the output is one fixed sum of the branches. So it
takes one product for each of them, and the gradients of gates follow from the sums of d_out times each branch.

To be included by fused.c after what is common to both kinds of gates. */

/* How far gates choose the first of two: values in (0, 1). */
struct choice {
    double after, batch, norm, alone, processed; /* of: after or before, batch or layer, norm or none, ... */
};

static struct choice choice_of(const struct call *k, long c) {
    double gates[5];
    for (long gate = 0; gate < GATES; gate++) gates[gate] = k->gates[gate * k->channels + c];
    return (struct choice){REFERENCE ? 1 - gates[0] : gates[0], gates[1], gates[2], RESIDUAL_GATE ? gates[3] : 1,
                           REFERENCE ? 1 - gates[SKIP] : gates[SKIP]};
}

/* The weight of each branch in the output: eq. 5, 9, 12, 16, 19 put into one another. */
enum { ACTIVATED, BEFORE, AFTER, NORMED, BYPASS, BRANCHES };

static void weigh(struct choice g, double *weights) {
    weights[ACTIVATED] = g.processed * (1 - g.norm);
    weights[BEFORE] = g.processed * g.norm * g.batch * (1 - g.after);
    weights[AFTER] = g.processed * g.norm * g.batch * g.after;
    weights[NORMED] = g.processed * g.norm * (1 - g.batch);
    weights[BYPASS] = 1 - g.processed * g.alone;
}

/* Gradients of the gates before the sigmoid, given the sums over all rows of d_out times each branch. */
static void store_gates(const struct call *k, long c, const double *sums) {
    const struct choice g = choice_of(k, c);
    const double bn_order = sums[BEFORE] + g.after * (sums[AFTER] - sums[BEFORE]);
    const double bn_or_ln = sums[NORMED] + g.batch * (bn_order - sums[NORMED]);
    const double norm_or_none = sums[ACTIVATED] + g.norm * (bn_or_ln - sums[ACTIVATED]);
    const double chosen = g.processed * g.norm;
    const double gradients[5] = {
        TOWARDS * chosen * g.batch * (sums[AFTER] - sums[BEFORE]), chosen * (bn_order - sums[NORMED]),
        g.processed * (bn_or_ln - sums[ACTIVATED]), -g.processed * sums[BYPASS],
        TOWARDS * (norm_or_none - g.alone * sums[BYPASS])};
    for (long gate = 0; gate < GATES; gate++) {
        const double value = k->gates[gate * k->channels + c];
        k->d_logits[gate * k->channels + c] = (real)(gradients[gate == SKIP ? 4 : gate] * value * (1 - value));
    }
}

/* Compute the values of the gates and the weights of the branches. Returns 0, or 1 where memory has run out. */
static int begin_mixing(struct call *call) {
    const long channels = call->channels;
    call->weights = malloc((BRANCHES + GATES) * channels * sizeof(real));
    if (!call->weights) return 1;
    call->gates = call->weights + BRANCHES * channels;
    for (long gate = 0; gate < GATES; gate++)
#pragma omp simd
        for (long c = 0; c < channels; c++)
            call->gates[gate * channels + c] = sigmoid(call->logits[gate][c * call->logit_step]);
    for (long c = 0; c < channels; c++) {
        double weights[BRANCHES];
        weigh(choice_of(call, c), weights);
        for (long branch = 0; branch < BRANCHES; branch++) call->weights[branch * channels + c] = (real)weights[branch];
    }
    return 0;
}

static void end_mixing(struct call *call) { free(call->weights); }

/* Where in the images the bypass of a row is. */
static inline long find_centre(const struct call *k, long row) {
    const uint32_t width = k->centre_size[1], height = k->centre_size[0], line = (uint32_t)row / width;
    return line / height * k->centre_strides[0] + line % height * k->centre_strides[1] +
           (uint32_t)row % width * k->centre_strides[2];
}

/* Numbers of the bypass of a row: those of its channels that are not always 0. */
static inline long bypass_width(const struct call *k, long channels) {
    return k->centre_channels ? k->centre_channels : channels;
}

/* Find the bypass of each row of a tile. */
static inline void find_bypasses(const struct call *k, long start, long count, long channels, const real **bypasses) {
    const long width = k->centre_size[1], step = k->centre_strides[2];
    long column = k->centre_channels ? (uint32_t)start % (uint32_t)width : 0;
    const real *place = k->bypass + (k->centre_channels ? find_centre(k, start) : start * channels);
    for (long t = 0; t < count; t++) {
        bypasses[t] = place;
        if (!k->centre_channels)
            place += channels;
        else if (++column < width)
            place += step;
        else
            column = 0, place = k->bypass + find_centre(k, start + t + 1);
    }
}

/* The activation of a tile and what layer normalisation needs of it. */
static inline void begin_tile(const struct call *k, const real *rows, long channels, real *activated, struct tile *tile) {
#pragma omp simd
    for (long i = 0; i < tile->count * channels; i++) activated[i] = activate(rows[i]);
    normalise_tile(REFERENCE ? activated : rows, channels, channels, k->ln_eps, tile);
}

static void mix_rows(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    const long channels = CHANNELS_OF(k);
    const long width = bypass_width(call, channels);
    real *activated = scratch;
    const real *means = k.statistics, *scales = k.statistics + channels, *bypasses[TILE];
    const real *after_means = k.statistics + 2 * channels, *after_scales = k.statistics + 3 * channels;
    struct tile tile = {0};
    (void)sums;
    if (!k.training) begin_rows(call, first, last, scratch);
    for (long start = first; start < last; start += TILE) {
        const real *rows = k.packed + start * channels;
        tile.count = rows_of_tile(start, last);
        begin_tile(call, rows, channels, activated, &tile);
        find_bypasses(call, start, tile.count, channels, bypasses);
        for (long t = 0; t < tile.count; t++) {
            const real *row = rows + t * channels, *bypass = bypasses[t], *a = activated + t * channels;
            real *out = k.out + (start + t) * channels;
#pragma omp simd
            for (long c = 0; c < channels; c++) {
                real before = activate((row[c] - means[c]) * scales[c] * k.norms[BEFORE_WEIGHT][c] + k.norms[BEFORE_BIAS][c]);
                real after = (a[c] - after_means[c]) * after_scales[c] * k.norms[AFTER_WEIGHT][c] + k.norms[AFTER_BIAS][c];
                real ln = ((REFERENCE ? a[c] : row[c]) - tile.mean[t]) * tile.scale[t] * k.norms[LN_WEIGHT][c] + k.norms[LN_BIAS][c];
                ln = REFERENCE ? ln : activate(ln);
                out[c] = k.weights[c] * a[c] + k.weights[channels + c] * before + k.weights[2 * channels + c] * after +
                         k.weights[3 * channels + c] * ln;
            }
#pragma omp simd
            for (long c = 0; c < width; c++) out[c] += k.weights[4 * channels + c] * bypass[c];
        }
    }
}

/* The sums of backward, (channels) each: of d_out; and of d_out times the value that a norm returns before its weight,
   times its branch, or times the slope of its activation. */
enum { OF_OUT, OF_AFTER, OF_BEFORE_WEIGHT, OF_BEFORE_BIAS, OF_LN_WEIGHT, OF_LN_BIAS, OF_BEFORE, OF_LN, OF_BYPASS, SUMS };

/* Write into d_layer the gradient of the layer's output that does not depend on sums over the batch, and d_bypass. */
static void mix_rows_backward(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    const long channels = CHANNELS_OF(k), width = bypass_width(call, channels);
    real *activated = scratch, *to_ln = scratch + TILE * channels, *normalised = to_ln + TILE * channels;
    const real *means = k.statistics, *scales = k.statistics + channels, *bypasses[TILE];
    const real *after_means = k.statistics + 2 * channels, *after_scales = k.statistics + 3 * channels;
    struct tile tile = {0};
    begin_rows(call, first, last, scratch);
    for (long start = first; start < last; start += TILE) {
        const real *rows = k.packed + start * channels;
        tile.count = rows_of_tile(start, last);
        begin_tile(call, rows, channels, activated, &tile);
        find_bypasses(call, start, tile.count, channels, bypasses);
        for (long t = 0; t < tile.count; t++) {
            const real *row = rows + t * channels, *bypass = bypasses[t], *a = activated + t * channels;
            const real *d_out = k.d_out + (start + t) * channels;
            real *d_layer = k.d_layer + (start + t) * channels;
#pragma omp simd
            for (long c = 0; c < channels; c++) {
                real d = d_out[c], x = row[c];
                real in_before = (x - means[c]) * scales[c], in_after = (a[c] - after_means[c]) * after_scales[c];
                real in_ln = ((REFERENCE ? a[c] : x) - tile.mean[t]) * tile.scale[t];
                real before = in_before * k.norms[BEFORE_WEIGHT][c] + k.norms[BEFORE_BIAS][c], y = activate(before);
                real ln = in_ln * k.norms[LN_WEIGHT][c] + k.norms[LN_BIAS][c], z = REFERENCE ? ln : activate(ln);
                real d_before = d * slope(before, y), d_ln = REFERENCE ? d : d * slope(ln, z);
                sums[OF_OUT * channels + c] += d;
                sums[OF_AFTER * channels + c] += d * in_after;
                sums[OF_BEFORE_WEIGHT * channels + c] += d_before * in_before;
                sums[OF_BEFORE_BIAS * channels + c] += d_before;
                sums[OF_LN_WEIGHT * channels + c] += d_ln * in_ln;
                sums[OF_LN_BIAS * channels + c] += d_ln;
                sums[OF_BEFORE * channels + c] += d * y;
                sums[OF_LN * channels + c] += d * z;
                real to_activated = k.weights[c] + k.weights[2 * channels + c] * k.norms[AFTER_WEIGHT][c] * after_scales[c];
                d_layer[c] = slope(x, a[c]) * d * to_activated +
                             d_before * k.weights[channels + c] * k.norms[BEFORE_WEIGHT][c] * scales[c];
                normalised[t * channels + c] = in_ln;
                to_ln[t * channels + c] = d_ln * k.weights[3 * channels + c] * k.norms[LN_WEIGHT][c];
            }
#pragma omp simd
            for (long c = 0; c < width; c++) sums[OF_BYPASS * channels + c] += d_out[c] * bypass[c];
            if (k.d_bypass)
#pragma omp simd
                for (long c = 0; c < width; c++)
                    k.d_bypass[(start + t) * width + c] = d_out[c] * k.weights[4 * channels + c];
        }
        back_through_tile(&tile, normalised, channels, to_ln);
        real *d_layer = k.d_layer + start * channels;
#pragma omp simd
        for (long i = 0; i < tile.count * channels; i++)
            d_layer[i] += REFERENCE ? slope(rows[i], activated[i]) * to_ln[i] : to_ln[i];
    }
}

/* Write the gradients of norms and gates, given the sums. */
static void store_sums(const struct call *k, const double *sums) {
    const long channels = k->channels;
    for (long c = 0; c < channels; c++) {
        double of[SUMS], weights[BRANCHES], of_branches[BRANCHES];
        for (long i = 0; i < SUMS; i++) of[i] = sums[i * channels + c];
        weigh(choice_of(k, c), weights);
        const double d_norms[NORMS] = {
            weights[BEFORE] * of[OF_BEFORE_WEIGHT], weights[BEFORE] * of[OF_BEFORE_BIAS], weights[AFTER] * of[OF_AFTER],
            weights[AFTER] * of[OF_OUT], weights[NORMED] * of[OF_LN_WEIGHT], weights[NORMED] * of[OF_LN_BIAS]};
        for (long i = 0; i < NORMS; i++) k->d_norms[i * channels + c] = (real)d_norms[i];
        of_branches[ACTIVATED] = of[OF_AFTER] / k->statistics[3 * channels + c] + k->statistics[2 * channels + c] * of[OF_OUT];
        of_branches[BEFORE] = of[OF_BEFORE];
        of_branches[AFTER] = of[OF_AFTER] * k->norms[AFTER_WEIGHT][c] + of[OF_OUT] * k->norms[AFTER_BIAS][c];
        of_branches[NORMED] = of[OF_LN];
        of_branches[BYPASS] = of[OF_BYPASS];
        store_gates(k, c, of_branches);
    }
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
