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
};

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
    c->offsets = malloc((TAPS + 1) * sizeof(long));
    if (!c->taps || !c->offsets) return 1;
    for (long tap = 0; tap < TAPS; tap++) {
        c->offsets[tap] = place_of(c, c->x_strides, tap);
        for (long i = 0; i < channels; i++)
            c->taps[tap * padded + i] = c->weight[i * c->weight_strides[0] + place_of(c, c->weight_strides, tap)];
    }
    for (long i = 0; i < channels && c->bias; i++) c->taps[TAPS * padded + i] = c->bias[i];
    return 0;
}

/* Copy the values under one window at the border of the image, outside of which they are 0. */
static void gather_at_border(const struct convolution *c, const real *image, long top, long left, real *window) {
    for (long channel = 0; channel < c->in_channels; channel++)
        for (long y = top; y < top + c->kernel[0]; y++)
            for (long x = left; x < left + c->kernel[1]; x++) {
                const int is_inside = y >= 0 && y < c->in_size[0] && x >= 0 && x < c->in_size[1];
                *window++ = is_inside ? image[channel * c->x_strides[1] + y * c->x_strides[2] + x * c->x_strides[3]] : 0;
            }
}

/* Copy the values under the windows of some rows of the output, TAPS each. */
static void gather(const struct convolution *c, long first, long last, real *windows) {
    const long height = c->out_size[0], width = c->out_size[1];
    long column = first % width, row = first / width % height, image = first / width / height;
    for (long r = first; r < last; r++, windows += TAPS) {
        const long top = row * c->stride[0] - c->padding[0], left = column * c->stride[1] - c->padding[1];
        const int is_inside = top >= 0 && left >= 0 && top + c->kernel[0] <= c->in_size[0] &&
                              left + c->kernel[1] <= c->in_size[1];
        const real *start = c->x + image * c->x_strides[0];
        const real *corner = start + top * c->x_strides[2] + left * c->x_strides[3];
        if (is_inside)
#pragma GCC unroll 32
            for (long tap = 0; tap < TAPS; tap++) windows[tap] = corner[c->offsets[tap]];
        else
            gather_at_border(c, start, top, left, windows);
        if (++column == width) {
            column = 0;
            if (++row == height) row = 0, image++;
        }
    }
}

/* Write some rows of the output, (channels) each; `windows` has room for the values under their windows, and for those
   of TOGETHER - 1 more. */
enum { TOGETHER = 4 };
static inline void convolve(const struct convolution *c, long channels, long first, long last, real *out,
                            real *windows) {
    const long padded = (channels + LANES - 1) / LANES * LANES, rows = last - first;
    gather(c, first, last, windows);
    for (long start = 0; start < channels; start += LANES)
        for (long r = 0; r < rows; r += TOGETHER) {
            const real *window = windows + r * TAPS;
            lanes sums[TOGETHER];
            for (long i = 0; i < TOGETHER; i++) sums[i] = read_lanes(c->taps + TAPS * padded + start, LANES);
#pragma GCC unroll 32
            for (long tap = 0; tap < TAPS; tap++) {
                const lanes weight = read_lanes(c->taps + tap * padded + start, LANES);
                for (long i = 0; i < TOGETHER; i++) sums[i] += window[i * TAPS + tap] * weight;
            }
            for (long i = 0; i < TOGETHER && r + i < rows; i++)
                write_lanes(out + (first + r + i) * channels + start, sums[i], channels - start);
        }
}

/* Add what some rows give to the gradients of weight, ordered by tap, and bias: (TAPS + 1) * channels sums. */
static inline void add_gradients(const struct convolution *c, long channels, long first, long last, const real *d_out,
                                 real *sums, real *windows) {
    gather(c, first, last, windows);
    for (long start = 0; start < channels; start += LANES) {
        lanes totals[TAPS + 1] = {{0}};
        for (long r = 0; r < last - first; r++) {
            const lanes d = read_lanes(d_out + (first + r) * channels + start, channels - start);
#pragma GCC unroll 32
            for (long tap = 0; tap < TAPS; tap++) totals[tap] += windows[r * TAPS + tap] * d;
            totals[TAPS] += d;
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
