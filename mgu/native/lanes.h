/* Vectors of numbers that are computed at once, and sums over them.

To be included after rows.h. */

enum { LANES = 64 / sizeof(real), FOURTH = LANES / 4 };
typedef real lanes __attribute__((vector_size(64)));
typedef real half_lanes __attribute__((vector_size(32)));
typedef real fourth_lanes __attribute__((vector_size(16)));

/* Read and write up to LANES numbers; those that are not read are 0. */
static inline lanes read_lanes(const real *from, long count) {
    lanes values = {0};
    if (count >= LANES)
        memcpy(&values, from, sizeof(lanes));
    else
        memcpy(&values, from, count * sizeof(real));
    return values;
}

static inline void write_lanes(real *to, lanes values, long count) {
    if (count >= LANES)
        memcpy(to, &values, sizeof(lanes));
    else
        memcpy(to, &values, count * sizeof(real));
}

/* The sum of all lanes, half to half: compilers keep the order of sums, and would add one lane after the other. */
static inline real sum_of(lanes values) {
    half_lanes halves[2];
    fourth_lanes fourths[2];
    real rest[FOURTH];
    memcpy(halves, &values, sizeof(halves));
    halves[0] += halves[1];
    memcpy(fourths, halves, sizeof(fourths));
    fourths[0] += fourths[1];
    memcpy(rest, fourths, sizeof(rest));
    return sizeof(real) == 4 ? (rest[0] + rest[2]) + (rest[1] + rest[FOURTH - 1]) : rest[0] + rest[1];
}
