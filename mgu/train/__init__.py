"""One training loop for every model and every task, its optimizer, and what a unit adds to its loss.

Start with loop.py (`fit`) and step.py. optimizers.py and schedules.py build what moves the weights, nadam.py and
compiled_nadam.py have the paper's optimizer, cuda_graph.py replays steps on a GPU, gate_penalty.py drives gates to 0
or 1.
"""
