/* Batch norm, weighted sums and pooling. To be included after planned.h. */

enum { SUMMED = 32 }; /* positions that are summed in `real`, before their sum is added to one in double */

/* The images of a block that are there, as factors of 1 and 0. */
static inline void fill_mask(real *mask, long images) {
    for (long n = 0; n < WIDTH; n++) mask[n] = n < images;
}

/* The sum of the vectors of a block, half to half. */
static inline real sum_all(lanes *vectors) {
    for (int count = VECTORS / 2; count; count /= 2)
        for (int v = 0; v < count; v++) vectors[v] += vectors[v + count];
    return sum_of(vectors[0]);
}

/* Two sums over one channel of all blocks: of values minus a shift, and of their products with others, which are the
   same but for a second shift and a factor. */
struct sums {
    double first, second;
};

static struct batch_norm norm_of(const struct call *k, const struct step *s) {
    real *statistics = k->statistics + s->statistics, **own = k->parameters + s->parameter;
    const struct norm *norm = k->norms + s->norm;
    return (struct batch_norm){statistics, statistics + s->channels, own[2], own[3], norm->eps, norm->momentum};
}

/* Sums of (values - shift) and of their squares; with `d`: of d and of d * (values - shift). */
static struct sums sum_channel(const struct step *s, long images, long channel, const real *values, const real *d,
                               real shift) {
    const long positions = out_positions(s);
    struct sums total = {0, 0};
    real mask[WIDTH];
    for (long block = 0; block < blocks_of(images); block++) {
        const long start = (block * s->channels + channel) * positions * WIDTH;
        fill_mask(mask, images_in(images, block));
        for (long begin = 0; begin < positions; begin += SUMMED) {
            const long end = begin + SUMMED < positions ? begin + SUMMED : positions;
            lanes first[VECTORS] = {{0}}, second[VECTORS] = {{0}};
            for (long p = begin; p < end; p++)
#pragma GCC unroll 8
                for (int v = 0; v < VECTORS; v++) {
                    const long at = start + p * WIDTH + v * LANES;
                    const lanes value = read_lanes(values + at, LANES) - shift;
                    const lanes other = d ? read_lanes(d + at, LANES) : value * read_lanes(mask + v * LANES, LANES);
                    first[v] += other;
                    second[v] += other * value;
                }
            total.first += sum_all(first);
            total.second += sum_all(second);
        }
    }
    return total;
}

static void normalise(const struct call *k, const struct step *s, long images, const real *source, real *target) {
    const struct batch_norm norm = norm_of(k, s);
    const int training = k->norms[s->norm].training != 0;
    const long positions = out_positions(s);
    const int threads = threads_of(k, 4 * out_numbers(s) * blocks_of(images));
    if (!training) take_running(&norm, s->channels);
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (long c = 0; c < s->channels; c++) {
        if (training) {
            real shift = source[c * positions * WIDTH];
            struct sums sums = sum_channel(s, images, c, source, NULL, shift);
            if (move_shift(&shift, sums.first, sums.second, images * positions))
                sums = sum_channel(s, images, c, source, NULL, shift);
            take_batch(&norm, c, shift, sums.first, sums.second, images * positions);
        }
        const real mean = norm.mean[c], scale = norm.scale[c] * k->parameters[s->parameter][c];
        const real bias = k->parameters[s->parameter + 1][c];
        for (long block = 0; block < blocks_of(images); block++) {
            const long start = (block * s->channels + c) * positions * WIDTH;
            real mask[WIDTH];
            fill_mask(mask, images_in(images, block));
            for (long p = start; p < start + positions * WIDTH; p += WIDTH)
#pragma omp simd
                for (long n = 0; n < WIDTH; n++) target[p + n] = ((source[p + n] - mean) * scale + bias) * mask[n];
        }
    }
}

/* Write the gradient of the source over that of the target, in the same place. */
static void normalise_backward(const struct call *k, const struct step *s, long images, const real *source, real *d) {
    const struct batch_norm norm = norm_of(k, s);
    const long positions = out_positions(s);
    const real share = 1 / (real)(images * positions);
    const int training = k->norms[s->norm].training != 0;
    const int threads = threads_of(k, 4 * out_numbers(s) * blocks_of(images));
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (long c = 0; c < s->channels; c++) {
        const real mean = norm.mean[c], scale = norm.scale[c], weight = k->parameters[s->parameter][c];
        const struct sums sums = sum_channel(s, images, c, source, d, mean);
        const double d_weight = sums.second * scale;
        k->d_parameters[s->parameter][c] = (real)d_weight;
        k->d_parameters[s->parameter + 1][c] = (real)sums.first;
        const real of_mean = training ? share * (real)sums.first : 0;
        const real of_scale = training ? share * (real)d_weight * scale : 0;
        for (long block = 0; block < blocks_of(images); block++) {
            const long start = (block * s->channels + c) * positions * WIDTH;
            real mask[WIDTH];
            fill_mask(mask, images_in(images, block));
            for (long p = start; p < start + positions * WIDTH; p += WIDTH)
#pragma omp simd
                for (long n = 0; n < WIDTH; n++) {
                    const real through = of_mean + (source[p + n] - mean) * of_scale;
                    d[p + n] = (d[p + n] - through * mask[n]) * weight * scale;
                }
        }
    }
}

static inline real sigmoid(real x) { return 1 / (1 + (real)exp(-(double)x)); }

static inline real factor_of(const struct call *k, const struct term *term) {
    return term->parameter == NONE ? (real)term->factor : sigmoid(*k->parameters[term->parameter]);
}

/* A weighted sum, then maybe ReLU. `values` are those of the call, of `blocks` blocks. */
static void combine(const struct call *k, const struct step *s, long blocks, real *target) {
    const long count = out_numbers(s) * blocks;
    const struct term *terms = k->terms + s->first_term;
    const int threads = threads_of(k, count * s->num_terms);
    real factors[s->num_terms];
    for (long t = 0; t < s->num_terms; t++) factors[t] = factor_of(k, terms + t);
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (long start = 0; start < count; start += WIDTH) {
        real sums[WIDTH];
        for (long t = 0; t < s->num_terms; t++) {
            const real factor = factors[t], *source = k->values + terms[t].source.value * blocks + start;
#pragma omp simd
            for (long n = 0; n < WIDTH; n++) sums[n] = t ? sums[n] + factor * source[n] : factor * source[n];
        }
#pragma omp simd
        for (long n = 0; n < WIDTH; n++) target[start + n] = s->rectifies && sums[n] < 0 ? 0 : sums[n];
    }
}

/* The gradients of the terms and of their weights. That of the target is changed, for no other step reads it. */
static void combine_backward(const struct call *k, const struct step *s, long blocks, const real *target, real *d) {
    const long count = out_numbers(s) * blocks;
    if (s->rectifies)
#pragma omp simd
        for (long i = 0; i < count; i++) d[i] = target[i] > 0 ? d[i] : 0;
    for (long t = 0; t < s->num_terms; t++) {
        const struct term *term = k->terms + s->first_term + t;
        const real factor = factor_of(k, term), *source = k->values + term->source.value * blocks;
        real *d_source = k->gradients + term->source.gradient * blocks;
        double total = 0;
        for (long start = 0; start < count; start += SUMMED * WIDTH) {
            const long end = start + SUMMED * WIDTH < count ? start + SUMMED * WIDTH : count;
            lanes sums[VECTORS] = {{0}};
            for (long i = start; i < end; i += WIDTH)
#pragma GCC unroll 8
                for (int v = 0; v < VECTORS; v++) {
                    const long at = i + v * LANES;
                    const lanes own = read_lanes(d + at, LANES);
                    if (term->parameter != NONE) sums[v] += own * read_lanes(source + at, LANES);
                    const lanes before = term->source.adds ? read_lanes(d_source + at, LANES) : (lanes){0};
                    write_lanes(d_source + at, before + factor * own, LANES);
                }
            total += sum_all(sums);
        }
        if (term->parameter != NONE) *k->d_parameters[term->parameter] = (real)(total * factor * (1 - factor));
    }
}

/* A window of adaptive average pooling, along one axis: it begins and ends where torch's does. */
static inline long window_start(long at, long in, long out) { return at * in / out; }
static inline long window_end(long at, long in, long out) { return ((at + 1) * in + out - 1) / out; }

/* The mean of each window; backwards, its gradient is shared by all that are in it. */
static void pool(const struct step *s, long blocks, real *source, real *target, int backwards) {
    const long from = in_positions(s) * WIDTH, to = out_positions(s) * WIDTH;
    for (long c = 0; c < s->channels * blocks; c++, source += from, target += to) {
        if (backwards && !s->source.adds) memset(source, 0, from * sizeof(real));
        for (long y = 0; y < s->out_size[0]; y++)
            for (long x = 0; x < s->out_size[1]; x++) {
                const long top = window_start(y, s->in_size[0], s->out_size[0]);
                const long bottom = window_end(y, s->in_size[0], s->out_size[0]);
                const long left = window_start(x, s->in_size[1], s->out_size[1]);
                const long right = window_end(x, s->in_size[1], s->out_size[1]);
                const real share = 1 / (real)((bottom - top) * (right - left));
                real *mean = target + (y * s->out_size[1] + x) * WIDTH, sums[WIDTH] = {0};
                for (long row = top; row < bottom; row++)
                    for (long column = left; column < right; column++) {
                        real *own = source + (row * s->in_size[1] + column) * WIDTH;
#pragma omp simd
                        for (long n = 0; n < WIDTH; n++) {
                            if (backwards) own[n] += share * mean[n];
                            else sums[n] += own[n];
                        }
                    }
                if (!backwards)
#pragma omp simd
                    for (long n = 0; n < WIDTH; n++) mean[n] = share * sums[n];
            }
    }
}
