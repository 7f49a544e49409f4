/* The statistics of a batch norm: those of a batch from its sums, or the running ones.

To be included after rows.h and <math.h>. */

/* One batch norm. Each array has a number a channel. */
struct batch_norm {
    real *mean, *scale; /* written: the mean and 1 / sqrt(variance + eps) of what is normalised */
    real *running_mean, *running_var;
    double eps, momentum;
};

/* Take the statistics of one channel from the sums of `rows` values, of each of which `shift` was subtracted, and of
   their squares; and move the running ones towards them. */
static inline void take_batch(const struct batch_norm *norm, long c, double shift, double sum, double squares, long rows) {
    double offset = sum / rows, var = squares / rows - offset * offset;
    var = var < 0 ? 0 : var;
    norm->mean[c] = (real)(shift + offset);
    norm->scale[c] = (real)(1 / sqrt(var + norm->eps));
    norm->running_mean[c] += (real)norm->momentum * (norm->mean[c] - norm->running_mean[c]);
    norm->running_var[c] += (real)norm->momentum * ((real)var - norm->running_var[c]);
}

/* Take the running statistics of all channels. */
static inline void take_running(const struct batch_norm *norm, long channels) {
    for (long c = 0; c < channels; c++) {
        norm->mean[c] = norm->running_mean[c];
        norm->scale[c] = 1 / (real)sqrt(norm->running_var[c] + norm->eps);
    }
}
