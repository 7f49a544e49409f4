"""Epochs of Keras on TensorFlow, in a process of its own: reads the name of a model a line, answers with seconds.

    .venv/bin/python benchmarks/peers_keras.py NETWORK IMAGES THREADS

NETWORK is JSON: image_shape, num_classes, dropout and convolutions. torch must not be imported here: it and TensorFlow
bring an LLVM each, and the two will not share a process.

plain is the layout's baseline with batch norm before the activation, unit its unit of the reference wiring, as the code
in section 4.2 of Damian and Piciu (2020) builds them; both on random images and labels of the data set's shape.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}

import keras
import numpy as np
import tensorflow as tf
from keras import layers

BATCH = 64


def main() -> None:
    network, images, threads = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    channels, height, width = network["image_shape"]
    x = np.random.default_rng(0).random((images, height, width, channels), dtype=np.float32)
    y = np.random.default_rng(0).integers(network["num_classes"], size=images)
    models = {"plain": build(network, plain_block), "unit": build(network, unit_block)}
    for model in models.values():  # its first epochs trace and compile
        model.fit(x[: 4 * BATCH], y[: 4 * BATCH], batch_size=BATCH, verbose=0)
        model.fit(x, y, batch_size=BATCH, verbose=0)
    print("ready", flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        models[line.strip()].fit(x, y, batch_size=BATCH, verbose=0)
        print(time.perf_counter() - started, flush=True)


def build(network: dict[str, Any], block: Any) -> keras.Model:
    """The layout's network, compiled with the paper's optimizer."""
    channels, height, width = network["image_shape"]
    inputs = keras.Input((height, width, channels))
    x = inputs
    for layer in network["convolutions"]:
        padding = "same" if layer["padding"] else "valid"

        def convolution(layer: Any = layer, padding: str = padding) -> layers.Layer:
            return layers.Conv2D(layer["out_channels"], layer["kernel_size"], layer["stride"], padding)

        x = block(x, convolution)
    x = layers.Dropout(network["dropout"])(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, layers.Dense(network["num_classes"])(x))
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
