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

/* What layer normalisation needs of a tile; and its activation, where that is what is normalised. */
static inline void begin_tile(const struct call *k, const real *rows, long channels, real *activated, struct tile *tile) {
    if (REFERENCE)
#pragma omp simd
        for (long i = 0; i < tile->count * channels; i++) activated[i] = activate(rows[i]);
    normalise_tile(REFERENCE ? activated : rows, channels, channels, k->ln_eps, tile);
}

/* What all rows have in common in up to LANES channels. */
struct of_channels {
    lanes mean, scale, after_mean, after_scale; /* of the layer's output, and of its activation */
    lanes norms[NORMS], weights[BRANCHES];
    long bypassed; /* how many of the channels have a bypass */
};

SPECIALISED struct of_channels read_channels(const struct call *k, long c, long count) {
    const long channels = CHANNELS_OF(*k), bypassed = bypass_width(k, channels) - c;
    struct of_channels of;
    of.mean = read_lanes(k->statistics + c, count), of.scale = read_lanes(k->statistics + channels + c, count);
    of.after_mean = read_lanes(k->statistics + 2 * channels + c, count);
    of.after_scale = read_lanes(k->statistics + 3 * channels + c, count);
    for (long i = 0; i < NORMS; i++) of.norms[i] = read_lanes(k->norms[i] + c, count);
    for (long i = 0; i < BRANCHES; i++) of.weights[i] = read_lanes(k->weights + i * channels + c, count);
    of.bypassed = bypassed < count ? bypassed : count;
    return of;
}

/* The output of a tile, in up to LANES channels. */
SPECIALISED void mix_lanes(const struct call *k, const struct tile *tile, const real **bypasses, long start, long c,
                           long count) {
    const long channels = CHANNELS_OF(*k);
    const struct of_channels of = read_channels(k, c, count);
    const lanes to_before = of.scale * of.norms[BEFORE_WEIGHT];
    const lanes to_after = of.weights[AFTER] * of.after_scale * of.norms[AFTER_WEIGHT];
    const lanes after_bias = of.weights[AFTER] * of.norms[AFTER_BIAS];
    for (long t = 0; t < tile->count; t++) {
        const long place = (start + t) * channels + c;
        const lanes x = read_lanes(k->packed + place, count), a = activate_lanes(x);
        const lanes before = activate_lanes((x - of.mean) * to_before + of.norms[BEFORE_BIAS]);
        const lanes in_ln = ((REFERENCE ? a : x) - tile->mean[t]) * tile->scale[t];
        const lanes ln = in_ln * of.norms[LN_WEIGHT] + of.norms[LN_BIAS];
        lanes out = of.weights[ACTIVATED] * a + of.weights[BEFORE] * before;
        out += (a - of.after_mean) * to_after + after_bias;
        out += of.weights[NORMED] * (REFERENCE ? ln : activate_lanes(ln));
        if (of.bypassed > 0) out += of.weights[BYPASS] * read_lanes(bypasses[t] + c, of.bypassed);
        write_lanes(k->out + place, out, count);
    }
}

static void mix_rows(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    const long channels = CHANNELS_OF(k), whole = channels / LANES * LANES;
    const real *bypasses[TILE];
    struct tile tile = {0};
    (void)sums;
    if (!k.training) begin_rows(call, first, last, scratch);
    for (long start = first; start < last; start += TILE) {
        tile.count = rows_of_tile(start, last);
        prefetch_tile(k.packed + start * channels, channels);
        begin_tile(call, k.packed + start * channels, channels, scratch, &tile);
        find_bypasses(call, start, tile.count, channels, bypasses);
        for (long c = 0; c < whole; c += LANES) mix_lanes(&k, &tile, bypasses, start, c, LANES);
        if (whole < channels) mix_lanes(&k, &tile, bypasses, start, whole, channels - whole);
    }
}

/* The sums of backward, (channels) each: of d_out; and of d_out times the value that a norm returns before its weight,
   times its branch, or times the slope of its activation. */
enum { OF_OUT, OF_AFTER, OF_BEFORE_WEIGHT, OF_BEFORE_BIAS, OF_LN_WEIGHT, OF_LN_BIAS, OF_BEFORE, OF_LN, OF_BYPASS, SUMS };

/* Arrays of a tile, (rows, channels) each. */
struct arrays {
    real *activated, *normalised, *to_ln; /* as begin_tile, what layer norm returns before its weight, its gradient */
};

/* Back through a tile but for layer norm, in up to LANES channels. */
SPECIALISED void mix_lanes_backward(const struct call *k, const struct tile *tile, const real **bypasses,
                                    struct arrays arrays, long start, long c, long count, real *sums) {
    const long channels = CHANNELS_OF(*k), width = bypass_width(k, channels);
    const struct of_channels of = read_channels(k, c, count);
    const lanes to_activated = of.weights[ACTIVATED] + of.weights[AFTER] * of.norms[AFTER_WEIGHT] * of.after_scale;
    const lanes to_before = of.weights[BEFORE] * of.norms[BEFORE_WEIGHT] * of.scale;
    const lanes to_normed = of.weights[NORMED] * of.norms[LN_WEIGHT];
    lanes totals[SUMS];
    for (long i = 0; i < SUMS; i++) totals[i] = read_lanes(sums + i * channels + c, count);
    for (long t = 0; t < tile->count; t++) {
        const long place = (start + t) * channels + c, in_tile = t * channels + c;
        const lanes x = read_lanes(k->packed + place, count), d = read_lanes(k->d_out + place, count);
        const lanes a = activate_lanes(x);
        const lanes in_before = (x - of.mean) * of.scale, in_after = (a - of.after_mean) * of.after_scale;
        const lanes in_ln = ((REFERENCE ? a : x) - tile->mean[t]) * tile->scale[t];
        const lanes before = in_before * of.norms[BEFORE_WEIGHT] + of.norms[BEFORE_BIAS], y = activate_lanes(before);
        const lanes ln = in_ln * of.norms[LN_WEIGHT] + of.norms[LN_BIAS], z = REFERENCE ? ln : activate_lanes(ln);
        const lanes d_before = d * slope_lanes(before, y), d_ln = REFERENCE ? d : d * slope_lanes(ln, z);
        totals[OF_OUT] += d;
        totals[OF_AFTER] += d * in_after;
        totals[OF_BEFORE_WEIGHT] += d_before * in_before;
        totals[OF_BEFORE_BIAS] += d_before;
        totals[OF_LN_WEIGHT] += d_ln * in_ln;
        totals[OF_LN_BIAS] += d_ln;
        totals[OF_BEFORE] += d * y;
        totals[OF_LN] += d * z;
        write_lanes(k->d_layer + place, slope_lanes(x, a) * d * to_activated + d_before * to_before, count);
        write_lanes(arrays.normalised + in_tile, in_ln, count);
        write_lanes(arrays.to_ln + in_tile, d_ln * to_normed, count);
        if (of.bypassed > 0) {
            totals[OF_BYPASS] += d * read_lanes(bypasses[t] + c, of.bypassed);
            if (k->d_bypass) write_lanes(k->d_bypass + (start + t) * width + c, d * of.weights[BYPASS], of.bypassed);
        }
    }
    for (long i = 0; i < SUMS; i++) write_lanes(sums + i * channels + c, totals[i], count);
}

/* Write into d_layer the gradient of the layer's output that does not depend on sums over the batch, and d_bypass. */
static void mix_rows_backward(const struct call *call, long first, long last, real *sums, real *scratch) {
    const struct call k = *call;
    const long channels = CHANNELS_OF(k), whole = channels / LANES * LANES, size = TILE * channels + GAP;
    const struct arrays arrays = {scratch, scratch + size, scratch + 2 * size};
    const real *bypasses[TILE];
    struct tile tile = {0};
    begin_rows(call, first, last, scratch);
    for (long start = first; start < last; start += TILE) {
        const real *rows = k.packed + start * channels;
        real *d_layer = k.d_layer + start * channels;
        tile.count = rows_of_tile(start, last);
        prefetch_tile(rows, channels);
        prefetch_tile(k.d_out + start * channels, channels);
        prefetch_tile(d_layer, channels);
        begin_tile(call, rows, channels, arrays.activated, &tile);
        find_bypasses(call, start, tile.count, channels, bypasses);
        for (long c = 0; c < whole; c += LANES)
            mix_lanes_backward(&k, &tile, bypasses, arrays, start, c, LANES, sums);
        if (whole < channels)
            mix_lanes_backward(&k, &tile, bypasses, arrays, start, whole, channels - whole, sums);
        back_through_tile(&tile, arrays.normalised, channels, arrays.to_ln);
#pragma omp simd
        for (long i = 0; i < tile.count * channels; i++)
            d_layer[i] += REFERENCE ? slope(rows[i], arrays.activated[i]) * arrays.to_ln[i] : arrays.to_ln[i];
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
