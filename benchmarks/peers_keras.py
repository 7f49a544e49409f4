"""Epochs of Keras on TensorFlow, in a process of its own: reads the name of a model a line, answers with seconds.

    .venv/bin/python benchmarks/peers_keras.py LAYOUT IMAGES THREADS

plain is the layout's baseline with batch norm before the activation, unit its unit of the reference wiring, as the code
printed in seed 001 builds them; both on random images and labels of the data set's shape.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from models import configure

BATCH = 64


def main() -> None:
    layout, images, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    config = configure(layout)
    channels, height, width = config.dataset.image_shape
    x = np.random.default_rng(0).random((images, height, width, channels), dtype=np.float32)
    y = np.random.default_rng(0).integers(config.dataset.num_classes, size=images)
    networks = {"plain": build(config, plain_block), "unit": build(config, unit_block)}
    for network in networks.values():  # its first epochs trace and compile
        network.fit(x[: 4 * BATCH], y[: 4 * BATCH], batch_size=BATCH, verbose=0)
        network.fit(x, y, batch_size=BATCH, verbose=0)
    print("ready", flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        networks[line.strip()].fit(x, y, batch_size=BATCH, verbose=0)
        print(time.perf_counter() - started, flush=True)


def build(config: Any, block: Any) -> keras.Model:
    """The layout's network, compiled with the paper's optimizer."""
    channels, height, width = config.dataset.image_shape
    inputs = keras.Input((height, width, channels))
    x = inputs
    for layer in config.layout.convolutions(config.dataset.image_shape):
        padding = "same" if layer.padding else "valid"

        def convolution(layer: Any = layer, padding: str = padding) -> layers.Layer:
            return layers.Conv2D(layer.out_channels, layer.kernel_size, layer.stride, padding)

        x = block(x, convolution)
    x = layers.Dropout(config.layout.dropout)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, layers.Dense(config.dataset.num_classes)(x))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Nadam(0.001), loss, metrics=["accuracy"])
    return model


def plain_block(x: Any, convolution: Any) -> Any:
    return keras.activations.selu(layers.BatchNormalization()(convolution()(x)))


def unit_block(x: Any, convolution: Any) -> Any:
    def gate(when_open: Any, when_closed: Any) -> Any:
        g = keras.activations.sigmoid(convolution()(x))
        return g * when_open + (1 - g) * when_closed

    bypass, layer = convolution()(x), convolution()(x)
    activated = keras.activations.selu(layer)
    before = keras.activations.selu(layers.BatchNormalization()(layer))
    order = gate(before, layers.BatchNormalization()(activated))
    out = gate(gate(order, layers.LayerNormalization()(activated)), activated)
    return gate(bypass, gate(out, out + bypass))


if __name__ == "__main__":
    main()
