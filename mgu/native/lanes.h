/* Vectors of numbers that are computed at once, and sums over them.

To be included after `real` and <string.h>. */

/* The width of the processor's vectors: wider ones are computed in parts, which its registers do not hold. */
#if defined(__AVX512F__)
#define LANE_BYTES 64
#elif defined(__AVX__)
#define LANE_BYTES 32
#else
#define LANE_BYTES 16
#endif

/* A function for part of a vector and, as a copy of its own, for whole ones, whose `count` the compiler knows. */
#define SPECIALISED static inline __attribute__((always_inline))

enum { LANES = LANE_BYTES / sizeof(real), PART_LANES = 16 / sizeof(real), PARTS = LANE_BYTES / 16 };
typedef real lanes __attribute__((vector_size(LANE_BYTES)));
typedef real part_lanes __attribute__((vector_size(16)));

/* Read and write up to LANES numbers; those that are not read are 0. The loops become one instruction where the processor
   has masks. */
static inline lanes read_lanes(const real *from, long count) {
    real values[LANES];
    lanes read;
    if (count >= LANES)
        memcpy(&read, from, sizeof(lanes));
    else {
#pragma omp simd
        for (int i = 0; i < LANES; i++) values[i] = i < (int)count ? from[i] : 0;
        memcpy(&read, values, sizeof(lanes));
    }
    return read;
}

static inline void write_lanes(real *to, lanes written, long count) {
    real values[LANES];
    if (count >= LANES)
        memcpy(to, &written, sizeof(lanes));
    else {
        memcpy(values, &written, sizeof(lanes));
#pragma omp simd
        for (int i = 0; i < LANES; i++)
            if (i < (int)count) to[i] = values[i];
    }
}

/* The sum of all lanes, half to half: compilers keep the order of sums, and would add one lane after the other. */
static inline real sum_of(lanes values) {
    part_lanes parts[PARTS];
    real rest[PART_LANES];
    memcpy(parts, &values, sizeof(parts));
    for (int count = PARTS / 2; count; count /= 2)
        for (int i = 0; i < count; i++) parts[i] += parts[i + count];
    memcpy(rest, parts, sizeof(rest));
    return sizeof(real) == 4 ? (rest[0] + rest[2]) + (rest[1] + rest[PART_LANES - 1]) : rest[0] + rest[1];
}
