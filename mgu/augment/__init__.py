"""Augmentation: training images are changed at random, each by draws of its own, in every batch anew.

Start with pipeline.py (`Augment`, `build_augment`) and data.py, which gives augmented batches of any images.
flip_crop.py, rand_augment.py (with warp.py and colours.py) and mixup.py are its stages.

torchvision's classes (https://docs.pytorch.org/vision/stable/transforms.html) draw once for a whole batch, from torch's
global generator. Here every image has draws of its own, from a generator whose state a checkpoint holds, and the
functions of torchvision compute what was drawn. All is drawn on the CPU, so the draws are the same on every device.
"""
