"""Exports a network to one file that runs without this package: raw examples in, named outputs out, and what they mean.

`export_network` writes a torch.export program or ONNX and loads it again, `describe_export` says what is written into
the file beside the graph: classes, data set, run. What is exported takes examples as they are in the user's files, for
the preprocessing of training (end_to_end.py) is a part of the graph; columns.py lets ONNX take the columns of tables,
int8.py makes weights small, held_out.py and checks.py compare the file with the network.
"""
