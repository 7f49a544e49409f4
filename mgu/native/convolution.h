/* The convolution of images that have few values under a window, such as the first of a network: no image is rearranged,
and the output can be computed again rather than stored.

To be included after rows.h and lanes.h. Macro given to the compiler: TAPS, the number of values under a window, or 0
where there is no such convolution: loops over them are unrolled, and their sums stay in registers. */

/* The arguments of one convolution. Pairs are of height and width. */
struct convolution {
    long in_channels, kernel[2], stride[2], padding[2], in_size[2], out_size[2];
    long x_strides[4], weight_strides[4]; /* by the axes of torch, in numbers */
    const real *x, *weight, *bias;        /* bias: NULL without */
    real *d_weight, *d_bias;              /* as weight and bias; written by the backward pass */
    real *taps;    /* taps * padded channels: the weight as `pack_weight` orders it, then the bias */
    long *offsets; /* of each tap from the corner of the window */
    long *in_order; /* of each tap in a copy of the values under a window */
};

enum { TOGETHER = 4 }; /* windows */

/* Where in an array with these strides the number of a tap is. Taps are ordered by input channel, row, column. */
static inline long place_of(const struct convolution *c, const long *strides, long tap) {
    const long column = tap % c->kernel[1], row = tap / c->kernel[1] % c->kernel[0];
    return tap / c->kernel[1] / c->kernel[0] * strides[1] + row * strides[2] + column * strides[3];
}

static void free_weight(struct convolution *c) {
    free(c->taps);
    free(c->offsets);
}

/* Order the weight by tap, then output channel. Returns 0, or 1 where memory has run out. */
static int pack_weight(struct convolution *c, long channels) {
    const long padded = (channels + LANES - 1) / LANES * LANES;
    c->taps = calloc((TAPS + 1) * padded, sizeof(real));
    c->offsets = malloc((2 * TAPS + 1) * sizeof(long));
    if (!c->taps || !c->offsets) return 1;
    c->in_order = c->offsets + TAPS;
    for (long tap = 0; tap < TAPS; tap++) {
        c->in_order[tap] = tap;
        c->offsets[tap] = place_of(c, c->x_strides, tap);
        for (long i = 0; i < channels; i++)
            c->taps[tap * padded + i] = c->weight[i * c->weight_strides[0] + place_of(c, c->weight_strides, tap)];
    }
    for (long i = 0; i < channels && c->bias; i++) c->taps[TAPS * padded + i] = c->bias[i];
    return 0;
}

/* Copy the values under one window; outside of the image they are 0. */
static void copy_window(const struct convolution *c, const real *image, long top, long left, real *window) {
    for (long channel = 0; channel < c->in_channels; channel++)
        for (long y = top; y < top + c->kernel[0]; y++)
            for (long x = left; x < left + c->kernel[1]; x++) {
                const int is_inside = y >= 0 && y < c->in_size[0] && x >= 0 && x < c->in_size[1];
                *window++ = is_inside ? image[channel * c->x_strides[1] + y * c->x_strides[2] + x * c->x_strides[3]] : 0;
            }
}

/* Where the window of a row of the output begins. */
struct window {
    const real *image;
    long top, left;
};

static inline struct window find_window(const struct convolution *c, long r) {
    const long height = c->out_size[0], width = c->out_size[1], line = r / width;
    return (struct window){c->x + line / height * c->x_strides[0], line % height * c->stride[0] - c->padding[0],
                           r % width * c->stride[1] - c->padding[1]};
}

/* Go on to the window of the next row. */
static inline void move_window(const struct convolution *c, struct window *w) {
    w->left += c->stride[1];
    if (w->left < c->out_size[1] * c->stride[1] - c->padding[1]) return;
    w->left = -c->padding[1], w->top += c->stride[0];
    if (w->top < c->out_size[0] * c->stride[0] - c->padding[0]) return;
    w->top = -c->padding[0], w->image += c->x_strides[0];
}

/* The values under some windows: each has its taps `offsets` away from where it is said to begin. */
struct values {
    const real *from[TOGETHER];
    const long *offsets;
};

/* Find the values under the next `count` windows: in the image, or, where one of them is at its border, in copies. */
static inline struct values find_values(const struct convolution *c, struct window *w, long count, real *copies) {
    struct values values = {.offsets = c->offsets};
    struct window windows[TOGETHER];
    int are_inside = 1;
    for (long i = 0; i < TOGETHER; i++) {
        windows[i] = i < count ? *w : windows[0];
        const long top = windows[i].top, left = windows[i].left;
        are_inside &= top >= 0 && left >= 0;
        are_inside &= top + c->kernel[0] <= c->in_size[0] && left + c->kernel[1] <= c->in_size[1];
        values.from[i] = windows[i].image + top * c->x_strides[2] + left * c->x_strides[3];
        if (i < count) move_window(c, w);
    }
    if (are_inside) return values;
    for (long i = 0; i < TOGETHER; i++) {
        copy_window(c, windows[i].image, windows[i].top, windows[i].left, copies + i * TAPS);
        values.from[i] = copies + i * TAPS;
    }
    values.offsets = c->in_order;
    return values;
}

/* Write some rows of the output, (channels) each; `copies` has room for the values under TOGETHER windows. */
static inline void convolve(const struct convolution *c, long channels, long first, long last, real *out,
                            real *copies) {
    const long padded = (channels + LANES - 1) / LANES * LANES;
    struct window window = find_window(c, first);
    for (long r = first; r < last; r += TOGETHER) {
        const long count = last - r < TOGETHER ? last - r : TOGETHER;
        const struct values values = find_values(c, &window, count, copies);
#pragma GCC unroll 1 /* else what is read of the image is kept on the stack from one round to the next */
        for (long start = 0; start < channels; start += LANES) {
            lanes sums[TOGETHER];
            for (long i = 0; i < TOGETHER; i++) sums[i] = read_lanes(c->taps + TAPS * padded + start, LANES);
#pragma GCC unroll 32
            for (long tap = 0; tap < TAPS; tap++) {
                const lanes weight = read_lanes(c->taps + tap * padded + start, LANES);
                for (long i = 0; i < TOGETHER; i++) sums[i] += values.from[i][values.offsets[tap]] * weight;
            }
            for (long i = 0; i < count; i++)
                write_lanes(out + (r + i) * channels + start, sums[i], channels - start);
        }
    }
}

/* Add what some rows give to the gradients of weight, ordered by tap, and bias: (TAPS + 1) * channels sums. */
static inline void add_gradients(const struct convolution *c, long channels, long first, long last, const real *d_out,
                                 real *sums, real *copies) {
    for (long start = 0; start < channels; start += LANES) {
        lanes totals[TAPS + 1] = {{0}};
        struct window window = find_window(c, first);
        for (long r = first; r < last; r += TOGETHER) {
            const long count = last - r < TOGETHER ? last - r : TOGETHER;
            const struct values values = find_values(c, &window, count, copies);
            for (long i = 0; i < count; i++) {
                const lanes d = read_lanes(d_out + (r + i) * channels + start, channels - start);
#pragma GCC unroll 32
                for (long tap = 0; tap < TAPS; tap++) totals[tap] += values.from[i][values.offsets[tap]] * d;
                totals[TAPS] += d;
            }
        }
        for (long tap = 0; tap <= TAPS; tap++)
            for (long i = 0; i < LANES && start + i < channels; i++) sums[tap * channels + start + i] += totals[tap][i];
    }
}

/* Write the sums over all rows to where the gradients belong. */
static void store_gradients(const struct convolution *c, long channels, const double *sums) {
    for (long tap = 0; tap < TAPS; tap++)
        for (long i = 0; i < channels; i++)
            c->d_weight[i * c->weight_strides[0] + place_of(c, c->weight_strides, tap)] = (real)sums[tap * channels + i];
    for (long i = 0; i < channels && c->d_bias; i++) c->d_bias[i] = (real)sums[TAPS * channels + i];
}
