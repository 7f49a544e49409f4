"""Images by name: the classification sets digits, MNIST, Fashion-MNIST and CIFAR-10.

dataset.py is the kind of data, loaders.py lists the sets, images.py holds pixels and labels in memory.
"""
