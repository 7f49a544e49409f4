/* Convolutions: sums over windows, and their two gradients, each a product of vectors of images.

To be included after planned.h. */

/* What is summed at once: AT_ONCE vectors of images by GROUP channels, or ROWS by COLUMNS channels; as many sums as there
   are registers. */
#ifdef __AVX512F__
enum { AT_ONCE = 4, GROUP = 6, ROWS = 4, COLUMNS = 6 };
#else
enum { AT_ONCE = 2, GROUP = 6, ROWS = 3, COLUMNS = 4 };
#endif

/* A number under a window: where two arrays have what is multiplied. */
struct tap {
    long one, other;
};

/* Taps in lists, of which list i has counts[i] from taps[i * most] on. */
struct windows {
    long most;
    long *counts;
    struct tap *taps;
};

/* One list for each position of the output (weight and input), of the input (weight and output), or for each place in
   the window (output and input). */
enum order { BY_OUTPUT, BY_INPUT, BY_TAP };

static void free_windows(struct windows *w) {
    free(w->counts);
    free(w->taps);
}

/* List the taps of a convolution that are inside of the image. Returns 0, or 1 where memory has run out. */
static int list_windows(const struct step *s, enum order order, struct windows *w) {
    const long area = s->kernel[0] * s->kernel[1];
    const long lists = order == BY_OUTPUT ? out_positions(s) : order == BY_INPUT ? in_positions(s) : area;
    w->most = order == BY_TAP ? out_positions(s) : area;
    w->counts = calloc(lists, sizeof(long));
    w->taps = malloc(lists * w->most * sizeof(struct tap));
    if (!w->counts || !w->taps) return 1;
    for (long y = 0, out = 0; y < s->out_size[0]; y++)
        for (long x = 0; x < s->out_size[1]; x++, out++)
            for (long i = 0, row = y * s->stride[0] - s->padding[0]; i < s->kernel[0]; i++, row++)
                for (long j = 0, column = x * s->stride[1] - s->padding[1]; j < s->kernel[1]; j++, column++) {
                    if (row < 0 || row >= s->in_size[0] || column < 0 || column >= s->in_size[1]) continue;
                    const long in = row * s->in_size[1] + column;
                    const long weight = i * s->weight_strides[2] + j * s->weight_strides[3];
                    const long list = order == BY_OUTPUT ? out : order == BY_INPUT ? in : i * s->kernel[1] + j;
                    struct tap *tap = w->taps + list * w->most + w->counts[list]++;
                    tap->one = order == BY_TAP ? out * WIDTH : weight;
                    tap->other = (order == BY_INPUT ? out : in) * WIDTH;
                }
    return 0;
}

/* How the channels of one sum lie: numbers from one to the next. */
struct strides {
    long source, target, weight_of_source, weight_of_target;
};

/* Sums over the window of one position, for `group` channels of the target and `vectors` of images. */
static inline __attribute__((always_inline)) void sum_window(const real *source, long channels, const real *weight,
                                                             struct strides by, const struct tap *taps, long count,
                                                             real *target, int adds, int group, int vectors) {
    lanes sums[6][4];
#pragma GCC unroll 8
    for (int g = 0; g < group; g++)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            sums[g][v] = adds ? read_lanes(target + g * by.target + v * LANES, LANES) : (lanes){0};
    for (long c = 0; c < channels; c++, source += by.source, weight += by.weight_of_source)
        for (long t = 0; t < count; t++) {
            const real *from = source + taps[t].other, *factor = weight + taps[t].one;
            lanes x[4];
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++) x[v] = read_lanes(from + v * LANES, LANES);
#pragma GCC unroll 8
            for (int g = 0; g < group; g++) {
                const real f = factor[g * by.weight_of_target];
#pragma GCC unroll 8
                for (int v = 0; v < vectors; v++) sums[g][v] += f * x[v];
            }
        }
#pragma GCC unroll 8
    for (int g = 0; g < group; g++)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) write_lanes(target + g * by.target + v * LANES, sums[g][v], LANES);
}

/* The same, of a block with some images, which need not fill it. */
static void sum_windows(const real *source, long channels, const real *weight, struct strides by,
                        const struct tap *taps, long count, real *target, int adds, int group, long images) {
#define SUM(group, vectors) \
    sum_window(source + v * LANES, channels, weight, by, taps, count, target + v * LANES, adds, group, vectors)
#define SUM_GROUPS(vectors)              \
    switch (group) {                     \
        case 1: SUM(1, vectors); break;  \
        case 2: SUM(2, vectors); break;  \
        case 3: SUM(3, vectors); break;  \
        case 4: SUM(4, vectors); break;  \
        case 5: SUM(5, vectors); break;  \
        default: SUM(6, vectors); break; \
    }                                    \
    v += vectors;
    const long filled = (images + LANES - 1) / LANES;
    long v = 0;
    while (v < filled) {
        if (AT_ONCE == 4 && filled - v > 2) {
            SUM_GROUPS(4)
        } else if (filled - v > 1) {
            SUM_GROUPS(2)
        } else {
            SUM_GROUPS(1)
        }
    }
    for (int g = 0; g < group; g++) memset(target + g * by.target + v * LANES, 0, (WIDTH - v * LANES) * sizeof(real));
#undef SUM_GROUPS
#undef SUM
}

/* Channels as even groups of at most `most`. */
static inline long groups_of(long channels, long most) { return (channels + most - 1) / most; }
static inline long group_start(long channels, long groups, long group) { return channels * group / groups; }

/* Sums over all windows of all blocks. */
static int convolve_all(const struct call *k, const struct step *s, long images, int backwards, const real *source,
                        const real *weight, real *target, int adds) {
    const long *own = s->weight_strides, of_source = backwards ? s->channels : s->in_channels;
    const long of_target = backwards ? s->in_channels : s->channels, groups = groups_of(of_target, GROUP);
    const long from = backwards ? out_positions(s) : in_positions(s), to = backwards ? in_positions(s) : out_positions(s);
    const struct strides by = {from * WIDTH, to * WIDTH, own[!backwards], own[backwards]};
    const long tasks = blocks_of(images) * groups * to;
    struct windows w = {0};
    const int failed = list_windows(s, backwards ? BY_INPUT : BY_OUTPUT, &w);
    const int threads = threads_of(k, tasks * GROUP * of_source * WIDTH);
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (long task = 0; task < (failed ? 0 : tasks); task++) {
        const long at = task % to, group = task / to % groups, block = task / to / groups;
        const long start = group_start(of_target, groups, group), end = group_start(of_target, groups, group + 1);
        sum_windows(source + block * of_source * by.source, of_source, weight + start * by.weight_of_target, by,
                    w.taps + at * w.most, w.counts[at], target + (block * of_target + start) * by.target + at * WIDTH,
                    adds, (int)(end - start), images_in(images, block));
    }
    free_windows(&w);
    return failed;
}

/* Products of the gradient of `rows` channels of the output with `columns` of the input, at one tap of the window. */
static inline __attribute__((always_inline)) void sum_products(const struct step *s, long images, const real *d_target,
                                                               const real *source, const struct tap *pairs, long count,
                                                               real *d_weight, int rows, int columns) {
    const long to = out_positions(s) * WIDTH, from = in_positions(s) * WIDTH;
    lanes sums[4][6] = {{{0}}};
    for (long first = 0; first < images; first += WIDTH, d_target += s->channels * to, source += s->in_channels * from) {
        const long present = images - first < WIDTH ? images - first : WIDTH;
        for (long p = 0; p < count; p++)
            for (long v = 0; v < present; v += LANES) {
                lanes d[4];
#pragma GCC unroll 8
                for (int r = 0; r < rows; r++) d[r] = read_lanes(d_target + pairs[p].one + r * to + v, LANES);
#pragma GCC unroll 8
                for (int c = 0; c < columns; c++) {
                    const lanes x = read_lanes(source + pairs[p].other + c * from + v, LANES);
#pragma GCC unroll 8
                    for (int r = 0; r < rows; r++) sums[r][c] += d[r] * x;
                }
            }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int c = 0; c < columns; c++)
            d_weight[r * s->weight_strides[0] + c * s->weight_strides[1]] = sum_of(sums[r][c]);
}

static void sum_product_groups(const struct step *s, long images, const real *d_target, const real *source,
                               const struct tap *pairs, long count, real *d_weight, long rows, long columns) {
#define SUM(r, c) sum_products(s, images, d_target, source, pairs, count, d_weight, r, c)
#define SUM_ROW(r)                  \
    switch (columns) {              \
        case 1: SUM(r, 1); break;   \
        case 2: SUM(r, 2); break;   \
        case 3: SUM(r, 3); break;   \
        case 4: SUM(r, 4); break;   \
        case 5: SUM(r, 5); break;   \
        default: SUM(r, 6); break;  \
    }
    switch (rows) {
        case 1: SUM_ROW(1) break;
        case 2: SUM_ROW(2) break;
        case 3: SUM_ROW(3) break;
        default: SUM_ROW(4) break;
    }
#undef SUM_ROW
#undef SUM
}

/* The gradient of a weight. */
static int weight_gradient(const struct call *k, const struct step *s, long images, const real *d_target,
                           const real *source, real *d_weight) {
    const long *own = s->weight_strides, area = s->kernel[0] * s->kernel[1], positions = out_positions(s);
    const long row_groups = groups_of(s->channels, ROWS), column_groups = groups_of(s->in_channels, COLUMNS);
    const long tasks = area * row_groups * column_groups;
    struct windows w = {0};
    const int failed = list_windows(s, BY_TAP, &w);
    const int threads = threads_of(k, tasks * ROWS * COLUMNS * positions * images);
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (long task = 0; task < (failed ? 0 : tasks); task++) {
        const long tap = task % area, column_group = task / area % column_groups, row_group = task / area / column_groups;
        const long row = group_start(s->channels, row_groups, row_group);
        const long column = group_start(s->in_channels, column_groups, column_group);
        sum_product_groups(s, images, d_target + row * positions * WIDTH,
                           source + column * in_positions(s) * WIDTH, w.taps + tap * w.most, w.counts[tap],
                           d_weight + row * own[0] + column * own[1] + tap / s->kernel[1] * own[2] +
                               tap % s->kernel[1] * own[3],
                           group_start(s->channels, row_groups, row_group + 1) - row,
                           group_start(s->in_channels, column_groups, column_group + 1) - column);
    }
    free_windows(&w);
    return failed;
}
