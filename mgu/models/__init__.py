"""Networks: blocks or units stacked according to a layout, with the read-out of their task.

convnet.py is the paper's network of images, mlp.py takes rows of a table, recommender.py pairs of user and item.
"""
