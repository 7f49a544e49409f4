/* A network as a list of steps, forward and backward: convolutions, batch norms, weighted sums with ReLU, poolings.

mgu/planned/function.py calls this. For small images and few channels a call of an operation of torch takes longer than
its arithmetic; here a whole network is one call. */

#include "planned.h"
#include "windows.h"
#include "parts.h"

/* mgu/native/layout.py compares this with the ctypes structure in mgu/planned/structs.py. */
#define MEMBER(name) {#name, offsetof(struct call, name), sizeof(((struct call *)0)->name)}
const struct { const char *name; long offset, size; } layout[] = {
    MEMBER(steps), MEMBER(terms), MEMBER(norms), MEMBER(num_steps), MEMBER(channels), MEMBER(images), MEMBER(at_once), MEMBER(threads), MEMBER(input), MEMBER(output),
    MEMBER(in_shape), MEMBER(out_shape), MEMBER(x_strides), MEMBER(parameters), MEMBER(d_parameters), MEMBER(values),
    MEMBER(gradients), MEMBER(statistics), MEMBER(x), MEMBER(d_out), MEMBER(out), MEMBER(d_x),
    {NULL, sizeof(struct call), sizeof(struct call)}};

const long width = WIDTH, sizes[] = {sizeof(struct step), sizeof(struct term)}; /* read by structs.py */

/* Copy images between memory with any strides and blocks; `into` tells the direction. */
static void move_images(real *images, const long *strides, long count, const long *shape, real *blocks, int into) {
    for (long block = 0; block < blocks_of(count); block++)
        for (long c = 0; c < shape[0]; c++)
            for (long p = 0; p < shape[1]; p++, blocks += WIDTH) {
                real *first = images + block * WIDTH * strides[0] + c * strides[1] + p * strides[2];
                const long present = images_in(count, block);
                if (into && present < WIDTH) memset(blocks, 0, WIDTH * sizeof(real));
                for (long n = 0; n < present; n++) {
                    if (into) blocks[n] = first[n * strides[0]];
                    else first[n * strides[0]] = blocks[n];
                }
            }
}

static int step_forward(const struct call *k, const struct step *s, long images) {
    const long blocks = blocks_of(images);
    real *source = k->values + s->source.value * blocks, *target = k->values + s->target.value * blocks;
    if (s->kind == CONVOLVE) return convolve_all(k, s, images, 0, source, k->parameters[s->parameter], target, 0);
    if (s->kind == NORMALISE) normalise(k, s, images, source, target);
    if (s->kind == COMBINE) combine(k, s, blocks, target);
    if (s->kind == POOL) pool(s, blocks, source, target, 0);
    return 0;
}

static int step_backward(const struct call *k, const struct step *s, long images) {
    const long blocks = blocks_of(images);
    real *source = k->values + s->source.value * blocks, *target = k->values + s->target.value * blocks;
    real *d_source = k->gradients + s->source.gradient * blocks, *d_target = k->gradients + s->target.gradient * blocks;
    const int is_asked = k->d_x || s->source.value != k->input.value;
    if (s->kind == CONVOLVE) {
        const real *weight = k->parameters[s->parameter];
        int failed = weight_gradient(k, s, images, d_target, source, k->d_parameters[s->parameter]);
        if (is_asked) failed |= convolve_all(k, s, images, 1, d_target, weight, d_source, (int)s->source.adds);
        return failed;
    }
    if (s->kind == NORMALISE) normalise_backward(k, s, images, source, d_target);
    if (s->kind == COMBINE) combine_backward(k, s, blocks, target, d_target);
    if (s->kind == POOL) pool(s, blocks, d_source, d_target, 1);
    return 0;
}

/* Both return 0, or 1 where memory has run out. */
int forward(const struct call *k) {
    const long positions = k->out_shape[1], out_strides[] = {k->out_shape[0] * positions, positions, 1};
    int failed = 0;
    for (long first = 0; first < k->images && !failed; first += k->at_once) {
        const long rest = k->images - first, images = rest < k->at_once ? rest : k->at_once, blocks = blocks_of(images);
        real *input = k->values + k->input.value * blocks, *output = k->values + k->output.value * blocks;
        move_images((real *)k->x + first * k->x_strides[0], k->x_strides, images, k->in_shape, input, 1);
        for (long i = 0; i < k->num_steps && !failed; i++) failed = step_forward(k, k->steps + i, images);
        move_images(k->out + first * out_strides[0], out_strides, images, k->out_shape, output, 0);
    }
    return failed;
}

int backward(const struct call *k) {
    const long blocks = blocks_of(k->images), positions[] = {k->in_shape[1], k->out_shape[1]};
    const long strides[] = {k->out_shape[0] * positions[1], positions[1], 1};
    const long in_strides[] = {k->in_shape[0] * positions[0], positions[0], 1};
    int failed = 0;
    real *d_output = k->gradients + k->output.gradient * blocks, *d_input = k->gradients + k->input.gradient * blocks;
    move_images((real *)k->d_out, strides, k->images, k->out_shape, d_output, 1);
    for (long i = k->num_steps - 1; i >= 0 && !failed; i--) failed = step_backward(k, k->steps + i, k->images);
    if (k->d_x) move_images(k->d_x, in_strides, k->images, k->in_shape, d_input, 0);
    return failed;
}
