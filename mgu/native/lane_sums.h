/* The sums over the lanes of several vectors at once, which is a third of the work of one vector after the other.

To be included after lanes.h. */

enum { SUMMED = 8 }; /* vectors at once */

#if defined(__AVX512F__) && !defined(__clang__)
typedef int words __attribute__((vector_size(64)));

/* 16 words of 4 bytes out of two vectors, of which the second begins at word 16. */
#define CHOOSE(a, b, ...) (lanes) __builtin_shuffle((words)(a), (words)(b), (words){__VA_ARGS__})

/* Add halves of two vectors so that one has half as many numbers of both. Each quarter has its own halves: of words first,
   then of pairs of words; then come the halves of the vector, and quarters in pairs. */
static inline lanes merge_words(lanes a, lanes b) {
    return CHOOSE(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29) +
           CHOOSE(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}

static inline lanes merge_pairs(lanes a, lanes b) {
    return CHOOSE(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
           CHOOSE(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}

static inline lanes merge_halves(lanes a, lanes b) {
    return CHOOSE(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
           CHOOSE(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}

static inline lanes merge_quarters(lanes a, lanes b) {
    return CHOOSE(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
           CHOOSE(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}

/* Write the sum over each of SUMMED vectors. */
static inline void sum_each(const lanes *v, real *sums) {
    lanes of_two[4], first, second;
    if (sizeof(real) == 4) {
        for (int i = 0; i < 4; i++) of_two[i] = merge_words(v[2 * i], v[2 * i + 1]);
        first = second = merge_halves(merge_pairs(of_two[0], of_two[1]), merge_pairs(of_two[2], of_two[3]));
    } else {
        for (int i = 0; i < 4; i++) of_two[i] = merge_pairs(v[2 * i], v[2 * i + 1]);
        first = merge_halves(of_two[0], of_two[1]), second = merge_halves(of_two[2], of_two[3]);
    }
    first = merge_quarters(first, second);
    memcpy(sums, &first, SUMMED * sizeof(real));
}
#else
static inline void sum_each(const lanes *v, real *sums) {
    for (int i = 0; i < SUMMED; i++) sums[i] = sum_of(v[i]);
}
#endif
