/* The statistics of a batch norm: those of a batch from its sums, or the running ones.

To be included after rows.h and <math.h>. */

/* One batch norm. Each array has a number a channel. */
struct batch_norm {
    real *mean, *scale; /* written: the mean and 1 / sqrt(variance + eps) of what is normalised */
    real *running_mean, *running_var;
    double eps, momentum;
};

/* Standard deviations that a shift may be from the mean: the variance loses the square of their number in precision. */
enum { FAR = 10 };

/* Move a shift that is far from the mean, such as an outlier, to the mean. The sums are those of differences to it, and
   of their squares; where it is moved, which is returned, they are to be taken again. */
static inline int move_shift(real *shift, double sum, double squares, long rows) {
    const double offset = sum / rows, var = squares / rows - offset * offset;
    if (!(offset * offset > FAR * FAR * var)) return 0; /* nor where they are not finite */
    *shift = (real)(*shift + offset);
    return 1;
}

/* The same for each channel: the sums of all, then those of squares. Returns whether a shift was moved. */
static inline int move_shifts(real *shifts, const double *sums, long channels, long rows) {
    int is_moved = 0;
    for (long c = 0; c < channels; c++) is_moved |= move_shift(shifts + c, sums[c], sums[channels + c], rows);
    return is_moved;
}

static inline void move_towards(real *from, real to, real share) {
    *from = share < (real)0.5 ? *from + share * (to - *from) : to - (1 - share) * (to - *from);
}

/* Take the statistics of one channel from the sums of `rows` values, of each of which `shift` was subtracted, and of
   their squares; and move the running ones towards them. */
static inline void take_batch(const struct batch_norm *norm, long c, double shift, double sum, double squares, long rows) {
    double offset = sum / rows, var = squares / rows - offset * offset;
    var = var < 0 ? 0 : var;
    norm->mean[c] = (real)(shift + offset);
    norm->scale[c] = (real)(1 / sqrt(var + norm->eps));
    move_towards(norm->running_mean + c, norm->mean[c], (real)norm->momentum);
    move_towards(norm->running_var + c, (real)var, (real)norm->momentum);
}

/* Take the running statistics of all channels. */
static inline void take_running(const struct batch_norm *norm, long channels) {
    for (long c = 0; c < channels; c++) {
        norm->mean[c] = norm->running_mean[c];
        norm->scale[c] = 1 / (real)sqrt(norm->running_var[c] + norm->eps);
    }
}
