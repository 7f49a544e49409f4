"""Exports a network to one file that runs without this package: raw examples in, named outputs out, and what they mean.

`export_network` writes a torch.export program or ONNX and loads it again, `describe_export` says what is written into
the file beside the graph: classes, data set, run. What is exported takes examples as they are in the user's files, for
the preprocessing of training is a part of the graph. A kind of data can be exported as soon as it is `Exportable`.
"""

from mgu.export.description import describe_export
from mgu.export.network import Exportable, Format, Infer, check_exportable, export_network

__all__ = ["Exportable", "Format", "Infer", "check_exportable", "describe_export", "export_network"]
