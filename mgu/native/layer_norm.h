/* Layer normalisation of a tile: a few rows, for all of which a step is done before the next one begins, so that the
processor need not wait for the sum over each row.

To be included after rows.h and <math.h>. */

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
    const real share = 1 / (real)channels;
    real variance[TILE] = {0};
    for (long t = 0; t < tile->count; t++) {
        real sum = 0;
#pragma omp simd reduction(+ : sum)
        for (long c = 0; c < channels; c++) sum += values[t * step + c];
        tile->mean[t] = sum * share;
    }
    for (long t = 0; t < tile->count; t++) {
        real squares = 0, mean = tile->mean[t];
#pragma omp simd reduction(+ : squares)
        for (long c = 0; c < channels; c++) squares += (values[t * step + c] - mean) * (values[t * step + c] - mean);
        variance[t] = squares * share;
    }
#pragma omp simd
    for (long t = 0; t < TILE; t++) tile->scale[t] = 1 / (real)sqrt(variance[t] + eps);
}

/* Turn the gradients of what a tile was normalised to, (rows, channels), into those of what it was normalised from. */
static inline void back_through_tile(const struct tile *tile, const real *normalised, long channels, real *d) {
    const real share = 1 / (real)channels;
    real means[TILE], products[TILE];
    for (long t = 0; t < tile->count; t++) {
        real sum = 0, product = 0;
#pragma omp simd reduction(+ : sum, product)
        for (long i = t * channels; i < (t + 1) * channels; i++) {
            sum += d[i];
            product += d[i] * normalised[i];
        }
        means[t] = sum * share;
        products[t] = product * share;
    }
    for (long t = 0; t < tile->count; t++) {
        const real scale = tile->scale[t], mean = means[t], product = products[t];
#pragma omp simd
        for (long i = t * channels; i < (t + 1) * channels; i++) d[i] = scale * (d[i] - mean - normalised[i] * product);
    }
}
