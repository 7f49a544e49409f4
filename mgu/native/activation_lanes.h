/* Activations of LANES numbers at once: the loops below have as many steps as a vector has numbers, and become one.

To be included after activations.h and lanes.h. */

static inline lanes activate_lanes(lanes x) {
    real from[LANES], to[LANES];
    lanes y;
    memcpy(from, &x, sizeof(lanes));
#pragma omp simd
    for (long i = 0; i < LANES; i++) to[i] = activate(from[i]);
    memcpy(&y, to, sizeof(lanes));
    return y;
}

/* The derivatives of the activation at x, where it has the values y. */
static inline lanes slope_lanes(lanes x, lanes y) {
    real at[LANES], with[LANES], to[LANES];
    lanes slopes;
    memcpy(at, &x, sizeof(lanes));
    memcpy(with, &y, sizeof(lanes));
#pragma omp simd
    for (long i = 0; i < LANES; i++) to[i] = slope(at[i], with[i]);
    memcpy(&slopes, to, sizeof(lanes));
    return slopes;
}
