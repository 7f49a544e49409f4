/* What a convolution has under its windows, as rows of a matrix, and back: then it is a product of matrices.

Images have channels last: [images][height][width][channels]. A row of the matrix is one position of the output, with
kernel height * kernel width * channels values. mgu/layers/patches.py calls this. Macro given to the compiler: REAL. */

#include <stddef.h>
#include <string.h>

typedef REAL real;

/* Pairs are of height and width. */
struct call {
    long images, channels, threads, kernel[2], stride[2], padding[2], in_size[2], out_size[2];
    real *x, *patches;
};

/* mgu/native/layout.py compares this with the ctypes structure in mgu/layers/patches.py. */
#define MEMBER(name) {#name, offsetof(struct call, name), sizeof(((struct call *)0)->name)}
const struct { const char *name; long offset, size; } layout[] = {
    MEMBER(images), MEMBER(channels), MEMBER(threads), MEMBER(kernel), MEMBER(stride), MEMBER(padding), MEMBER(in_size),
    MEMBER(out_size), MEMBER(x), MEMBER(patches), {NULL, sizeof(struct call), sizeof(struct call)}};

/* A line of a window: where it is in the image and in its row, and which of its values lie inside of the image. */
struct line {
    long start, begin, end;
};

static inline struct line find_line(const struct call *k, long y, long left) {
    const long begin = left < 0 ? -left : 0, room = k->in_size[1] - left;
    struct line line = {(y * k->in_size[1] + left) * k->channels, begin, k->kernel[1] < room ? k->kernel[1] : room};
    if (y < 0 || y >= k->in_size[0] || line.end < begin) line.begin = line.end = 0;
    return line;
}

static void take(const struct call *k, const real *image, real *patch) {
    const long width = k->kernel[1] * k->channels;
    for (long row = 0; row < k->out_size[0]; row++)
        for (long column = 0; column < k->out_size[1]; column++)
            for (long i = 0; i < k->kernel[0]; i++, patch += width) {
                const struct line line =
                    find_line(k, row * k->stride[0] - k->padding[0] + i, column * k->stride[1] - k->padding[1]);
                const long begin = line.begin * k->channels, end = line.end * k->channels;
                if (end - begin < width) memset(patch, 0, width * sizeof(real));
                memcpy(patch + begin, image + line.start + begin, (end - begin) * sizeof(real));
            }
}

static void add(const struct call *k, real *image, const real *patch) {
    const long width = k->kernel[1] * k->channels;
    memset(image, 0, k->in_size[0] * k->in_size[1] * k->channels * sizeof(real));
    for (long row = 0; row < k->out_size[0]; row++)
        for (long column = 0; column < k->out_size[1]; column++)
            for (long i = 0; i < k->kernel[0]; i++, patch += width) {
                const struct line line =
                    find_line(k, row * k->stride[0] - k->padding[0] + i, column * k->stride[1] - k->padding[1]);
                real *to = image + line.start;
                const long begin = line.begin * k->channels, end = line.end * k->channels;
#pragma omp simd
                for (long j = begin; j < end; j++) to[j] += patch[j];
            }
}

/* Write the patches of all images. */
void unfold(const struct call *k) {
    const long image = k->in_size[0] * k->in_size[1] * k->channels;
    const long patches = k->out_size[0] * k->out_size[1] * k->kernel[0] * k->kernel[1] * k->channels;
#pragma omp parallel for schedule(static) num_threads(k->threads)
    for (long i = 0; i < k->images; i++) take(k, k->x + i * image, k->patches + i * patches);
}

/* Write the images that are the sums of what the patches have at each of their positions. */
void fold(const struct call *k) {
    const long image = k->in_size[0] * k->in_size[1] * k->channels;
    const long patches = k->out_size[0] * k->out_size[1] * k->kernel[0] * k->kernel[1] * k->channels;
#pragma omp parallel for schedule(static) num_threads(k->threads)
    for (long i = 0; i < k->images; i++) add(k, k->x + i * image, k->patches + i * patches);
}
