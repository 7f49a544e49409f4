/* Layer normalisation of a tile: a few rows, for all of which a step is done before the next one begins, so that the
processor need not wait for the sum over each row.

To be included after rows.h, lanes.h and <math.h>. */

enum { TILE = 8 }; /* rows at once, at most */

/* The means of some rows, and 1 / sqrt(variance + eps). */
struct tile {
    long count;
    real mean[TILE], scale[TILE];
};

/* Number of rows of the tile that begins at `start`. */
static inline long rows_of_tile(long start, long last) { return last - start < TILE ? last - start : TILE; }

/* Take the means and scales of `tile->count` rows of `values`, `step` numbers apart. */
static inline void normalise_tile(const real *values, long step, long channels, double eps, struct tile *tile) {
    const long whole = channels / LANES * LANES;
    const real share = 1 / (real)channels;
    real variance[TILE] = {0};
    for (long t = 0; t < tile->count; t++) {
        const real *row = values + t * step;
        lanes sums = read_lanes(row + whole, channels - whole);
        for (long c = 0; c < whole; c += LANES) sums += read_lanes(row + c, LANES);
        tile->mean[t] = sum_of(sums) * share;
    }
    for (long t = 0; t < tile->count; t++) {
        const real *row = values + t * step, mean = tile->mean[t];
        lanes squares = {0};
        for (long c = 0; c < whole; c += LANES) {
            const lanes d = read_lanes(row + c, LANES) - mean;
            squares += d * d;
        }
        real rest = 0;
        for (long c = whole; c < channels; c++) rest += (row[c] - mean) * (row[c] - mean);
        variance[t] = (sum_of(squares) + rest) * share;
    }
#pragma omp simd
    for (long t = 0; t < TILE; t++) tile->scale[t] = 1 / (real)sqrt(variance[t] + eps);
}

/* Turn the gradients of what a tile was normalised to, (rows, channels), into those of what it was normalised from. */
static inline void back_through_tile(const struct tile *tile, const real *normalised, long channels, real *d) {
    const long whole = channels / LANES * LANES;
    const real share = 1 / (real)channels;
    real means[TILE], products[TILE];
    for (long t = 0; t < tile->count; t++) {
        const real *d_row = d + t * channels, *row = normalised + t * channels;
        lanes sums = read_lanes(d_row + whole, channels - whole);
        lanes along = sums * read_lanes(row + whole, channels - whole);
        for (long c = 0; c < whole; c += LANES) {
            const lanes of_d = read_lanes(d_row + c, LANES);
            sums += of_d;
            along += of_d * read_lanes(row + c, LANES);
        }
        means[t] = sum_of(sums) * share;
        products[t] = sum_of(along) * share;
    }
    for (long t = 0; t < tile->count; t++) {
        const real scale = tile->scale[t], mean = means[t], product = products[t];
#pragma omp simd
        for (long i = t * channels; i < (t + 1) * channels; i++) d[i] = scale * (d[i] - mean - normalised[i] * product);
    }
}
