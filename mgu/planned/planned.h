/* What a planned network is made of: numbers in blocks of images, steps that read some and write others.

Images are last in memory: [blocks][channels][positions][WIDTH], so that vectors are of images, whatever the number of
channels, and a window at the border has no taps outside. Images that fill up the last block are 0 everywhere, forward
and backward. Macro given to the compiler: REAL, float or double. */

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef REAL real;

#include "lanes.h"
#include "batch_norm.h"

enum { WIDTH = 256 / sizeof(real), VECTORS = WIDTH / LANES }; /* images of a block, and the vectors that they are in */
enum kind { CONVOLVE, NORMALISE, COMBINE, POOL };

/* A number that is none: no weight, no gradient. */
enum { NONE = -1 };

/* An array of numbers: where it begins, in numbers of one block, among the values; and its gradient among those. `adds`
   tells whether a later step has written the gradient already. */
struct place {
    long value, gradient, adds;
};

/* One step. It reads `source`, or where it combines `num_terms` terms, and writes `target`. */
struct step {
    long kind, in_channels, channels, parameter; /* parameter: number of its first one in the tables of a call */
    long in_size[2], out_size[2], kernel[2], stride[2], padding[2];
    long weight_strides[4]; /* of output channel, input channel, row, column */
    struct place source, target;
    long norm;                             /* its number among the norms, and where its statistics begin */
    long statistics;
    long first_term, num_terms, rectifies; /* rectifies: ReLU after the sum */
};

/* One term of a sum: its factor is a number, or the sigmoid of a parameter. */
struct term {
    struct place source;
    long parameter;
    double factor;
};

/* What a norm is told at each call. */
struct norm {
    double training, momentum, eps;
};

/* The arguments of one call. */
struct call {
    const struct step *steps;
    const struct term *terms;
    const struct norm *norms;
    long num_steps, channels;         /* channels: the most that a step has */
    long images, at_once, threads;    /* at_once: images that are computed together: all, where statistics are theirs */
    struct place input, output;
    long in_shape[2], out_shape[2];   /* channels and positions */
    long x_strides[3];                /* of image, channel, position */
    real **parameters, **d_parameters;
    real *values, *gradients, *statistics;
    const real *x, *d_out;
    real *out, *d_x;                  /* d_x: [images][channels][positions]; NULL where it is not asked for */
};

/* Numbers of one block in what is read and written. */
static inline long in_positions(const struct step *s) { return s->in_size[0] * s->in_size[1]; }
static inline long out_positions(const struct step *s) { return s->out_size[0] * s->out_size[1]; }
static inline long in_numbers(const struct step *s) { return s->in_channels * in_positions(s) * WIDTH; }
static inline long out_numbers(const struct step *s) { return s->channels * out_positions(s) * WIDTH; }

static inline long blocks_of(long images) { return (images + WIDTH - 1) / WIDTH; }

/* Images of a block that are there. */
static inline long images_in(long images, long block) {
    const long rest = images - block * WIDTH;
    return rest < WIDTH ? rest : WIDTH;
}

/* Threads for so many operations: waking one costs about as much as a hundred thousand of them. */
static inline int threads_of(const struct call *k, long operations) {
    const long worth = operations / 100000;
    return (int)(worth < 1 ? 1 : worth < k->threads ? worth : k->threads);
}
