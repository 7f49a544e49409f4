"""Networks: blocks or units stacked according to a layout, with the read-out of their task.

convnet.py is the paper's network of images, mlp.py takes rows of a table, recommender.py pairs of user and item.
"""

from mgu.models.convnet import ConvNet, convolution, count_keras, count_trainable
from mgu.models.mlp import MLP, dense
from mgu.models.recommender import Factorisation, Recommender

__all__ = [
    "MLP",
    "ConvNet",
    "Factorisation",
    "Recommender",
    "convolution",
    "count_keras",
    "count_trainable",
    "dense",
]
