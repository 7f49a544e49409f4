/* Layer normalisation of a tile: a few rows, for all of which a step is done before the next one begins, so that the
processor need not wait for the sum over each row.

To be included after rows.h, lane_sums.h, <math.h> and the definition of TILE: rows at once, at most, a multiple of
SUMMED. */

/* Between arrays of a tile: where they lie a multiple of 4,096 bytes apart, processors mistake one for the other. */
enum { GAP = 3 * LANES };

/* The means of some rows, and 1 / sqrt(variance + eps). */
struct tile {
    long count;
    real mean[TILE], scale[TILE];
};

/* Number of rows of the tile that begins at `start`. */
static inline long rows_of_tile(long start, long last) { return last - start < TILE ? last - start : TILE; }

/* A row of a tile; beyond its end the last one, so that there are always SUMMED rows. */
static inline long row_of_tile(const struct tile *tile, long t) { return t < tile->count ? t : tile->count - 1; }

/* Fewer than LANES numbers, minus their mean; 0 in other lanes. */
static inline lanes centred(const real *from, long count, real mean) {
    const lanes means = mean - (lanes){0};
    return read_lanes(from, count) - read_lanes((const real *)&means, count);
}

/* Whether the mean of a row is so many standard deviations from 0 that its rounding shows in the result. */
static inline int is_far_row(real mean, real scale) {
    const real far = sizeof(real) == 4 ? 1000 : (real)1e30; /* doubles lose nothing that shows */
    return mean * scale > far || mean * scale < -far;
}

/* Take mean and scale of one row by sums in double: a row of equal numbers has just these as its mean. */
static __attribute__((noinline)) void normalise_far_row(const real *row, long channels, double eps, real *mean,
                                                        real *scale) {
    double sum = 0, squares = 0;
    for (long c = 0; c < channels; c++) sum += row[c];
    *mean = (real)(sum / channels);
    for (long c = 0; c < channels; c++) squares += ((double)row[c] - *mean) * ((double)row[c] - *mean);
    *scale = (real)(1 / sqrt(squares / channels + eps));
}

/* Take the means and scales of `tile->count` rows of `values`, `step` numbers apart. */
static inline void normalise_tile(const real *values, long step, long channels, double eps, struct tile *tile) {
    const long whole = channels / LANES * LANES, rest = channels - whole;
    const real share = 1 / (real)channels;
    for (long start = 0; start < tile->count; start += SUMMED) {
        lanes sums[SUMMED];
        real *mean = tile->mean + start, *scale = tile->scale + start;
        int is_far = 0;
        for (long i = 0; i < SUMMED; i++) {
            const real *row = values + row_of_tile(tile, start + i) * step;
            sums[i] = rest ? read_lanes(row + whole, rest) : (lanes){0};
            for (long c = 0; c < whole; c += LANES) sums[i] += read_lanes(row + c, LANES);
        }
        sum_each(sums, mean);
        for (long i = 0; i < SUMMED; i++) mean[i] *= share;
        for (long i = 0; i < SUMMED; i++) {
            const real *row = values + row_of_tile(tile, start + i) * step;
            const lanes last = rest ? centred(row + whole, rest, mean[i]) : (lanes){0};
            sums[i] = last * last;
            for (long c = 0; c < whole; c += LANES) {
                const lanes d = read_lanes(row + c, LANES) - mean[i];
                sums[i] += d * d;
            }
        }
        sum_each(sums, scale);
#pragma omp simd reduction(| : is_far)
        for (long i = 0; i < SUMMED; i++) {
            const real variance = scale[i] * share + (real)eps;
            scale[i] = 1 / (sizeof(real) == 4 ? sqrtf(variance) : (real)sqrt(variance));
            is_far |= is_far_row(mean[i], scale[i]);
        }
        for (long i = 0; i < SUMMED && is_far; i++)
            if (is_far_row(mean[i], scale[i]))
                normalise_far_row(values + row_of_tile(tile, start + i) * step, channels, eps, mean + i, scale + i);
    }
}

/* Turn the gradients of what a tile was normalised to, (rows, channels), into those of what it was normalised from. */
static inline void back_through_tile(const struct tile *tile, const real *normalised, long channels, real *d) {
    const long whole = channels / LANES * LANES, rest = channels - whole;
    const real share = 1 / (real)channels;
    real means[TILE], products[TILE];
    for (long start = 0; start < tile->count; start += SUMMED) {
        lanes sums[SUMMED], along[SUMMED];
        for (long i = 0; i < SUMMED; i++) {
            const long place = row_of_tile(tile, start + i) * channels;
            sums[i] = rest ? read_lanes(d + place + whole, rest) : (lanes){0};
            along[i] = rest ? sums[i] * read_lanes(normalised + place + whole, rest) : (lanes){0};
            for (long c = 0; c < whole; c += LANES) {
                const lanes of_d = read_lanes(d + place + c, LANES);
                sums[i] += of_d;
                along[i] += of_d * read_lanes(normalised + place + c, LANES);
            }
        }
        sum_each(sums, means + start);
        sum_each(along, products + start);
    }
    for (long t = 0; t < tile->count; t++) {
        const real scale = tile->scale[t], mean = means[t] * share, product = products[t] * share;
#pragma omp simd
        for (long i = t * channels; i < (t + 1) * channels; i++) d[i] = scale * (d[i] - mean - normalised[i] * product);
    }
}
