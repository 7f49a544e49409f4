/* C = A B in single precision by nested tiles, row major, without packing, on one thread.

The loops are, from the outermost, i0 j0 i1 j1 k0 i2 j2 k1 i3 j3: the order SSRSRS of schedules for CPUs. Macros give the
innermost tile, I3, K1 and J3, so that the compiler unrolls it and keeps its sums in registers; the bounds of the other loops
are arguments. mgu/gemm/kernel.py calls it. */

#include <string.h>
#include <time.h>

static void tile(const float *a, const float *b, float *c, long k, long n) {
    float sum[I3][J3];
    for (long i = 0; i < I3; i++)
        for (long j = 0; j < J3; j++) sum[i][j] = c[i * n + j];
    for (long p = 0; p < K1; p++)
        for (long i = 0; i < I3; i++) {
            const float left = a[i * k + p];
#pragma omp simd
            for (long j = 0; j < J3; j++) sum[i][j] += left * b[p * n + j];
        }
    for (long i = 0; i < I3; i++)
        for (long j = 0; j < J3; j++) c[i * n + j] = sum[i][j];
}

/* bounds: i0, i1, i2, j0, j1, j2, k0. Returns the seconds that it took. */
double gemm(const float *a, const float *b, float *c, const long *bounds) {
    const long i0 = bounds[0], i1 = bounds[1], i2 = bounds[2], j0 = bounds[3], j1 = bounds[4], j2 = bounds[5],
               k0 = bounds[6], k = k0 * K1, n = j0 * j1 * j2 * J3;
    struct timespec begun, ended;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    memset(c, 0, sizeof(float) * i0 * i1 * i2 * I3 * n);
    for (long r0 = 0; r0 < i0; r0++)
        for (long s0 = 0; s0 < j0; s0++)
            for (long r1 = 0; r1 < i1; r1++)
                for (long s1 = 0; s1 < j1; s1++)
                    for (long p0 = 0; p0 < k0; p0++)
                        for (long r2 = 0; r2 < i2; r2++)
                            for (long s2 = 0; s2 < j2; s2++) {
                                const long row = ((r0 * i1 + r1) * i2 + r2) * I3, column = ((s0 * j1 + s1) * j2 + s2) * J3;
                                tile(a + row * k + p0 * K1, b + p0 * K1 * n + column, c + row * n + column, k, n);
                            }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    return (ended.tv_sec - begun.tv_sec) + 1e-9 * (ended.tv_nsec - begun.tv_nsec);
}
