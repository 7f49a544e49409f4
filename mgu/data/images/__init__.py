"""Image classification sets that are known by name: digits, MNIST, Fashion-MNIST, CIFAR-10."""
