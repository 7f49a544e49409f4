/* Functions over rows, one a position with its channels last, by several threads, with sums over all rows.

To be included after activations.h, which has `real`. */

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32 }; /* rows that are summed in `real`, before their sum is added to one in double */

struct call; /* the arguments of one call, of which this file knows nothing */

/* A function over some rows. It adds to `sums`; `scratch` is memory of its own to write on. */
typedef void rows_function(const struct call *call, long first, long last, real *sums, real *scratch);

/* How many rows there are, and what is made ready for each thread. */
struct extent {
    long rows, threads;
    long sums, scratch; /* numbers that the function adds to, and that it may write on */
};

/* Apply a function to all rows; sums are taken in `real` over a block of rows, then in double, then over the threads in
   their order: the same number of threads gives the same bits. `total` has extent.sums numbers. Returns 0, or 1 where
   memory has run out. */
static int for_rows(const struct call *call, struct extent extent, rows_function *function, double *total) {
    const long count = extent.sums, threads = extent.threads;
    int failed = 0;
    double *parts = calloc(threads * count + 1, sizeof(double));
    if (!parts) return 1;
#pragma omp parallel for schedule(static) num_threads(threads) reduction(| : failed)
    for (long part = 0; part < threads; part++) {
        real *block = calloc(count + extent.scratch + 1, sizeof(real));
        if (!block) {
            failed = 1;
            continue;
        }
        long last = extent.rows * (part + 1) / threads;
        for (long row = extent.rows * part / threads; row < last; row += BLOCK) {
            function(call, row, row + BLOCK < last ? row + BLOCK : last, block, block + count);
            for (long i = 0; i < count; i++) parts[part * count + i] += block[i];
            memset(block, 0, count * sizeof(real));
        }
        free(block);
    }
    for (long i = 0; i < count; i++) {
        total[i] = 0;
        for (long part = 0; part < threads; part++) total[i] += parts[part * count + i];
    }
    free(parts);
    return failed;
}

/* Prefetch `count` numbers, `offset` from here. */
static inline void prefetch(const real *from, long offset, long count) {
    uintptr_t start = (uintptr_t)from + offset * sizeof(real); /* harmless beyond the end of the array */
    for (uintptr_t place = start; place < start + count * sizeof(real); place += 64) __builtin_prefetch((void *)place);
}
