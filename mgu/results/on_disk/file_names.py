"""Names of the files in a run's folder.

runs/<experiment>/<name>-<identity>/
    result.json          everything that is reported; written last, so its presence means that the run is over
    history.csv          one row for each epoch
    config.yaml          the resolved configuration
    weights.safetensors  weights of the best epoch
    preprocessing.json   how inputs are made of the user's files, and what outputs stand for, see preprocessing.py
    explain.json         for a unit: what its gates do on the validation data, see mgu/explain/explanation.py
    equilibrium.json     for an equilibrium layer: what its iteration does, see mgu/explain/equilibrium.py
    directed.json, graph.*  for a directed network: graph, certificates, update, see mgu/explain/directed.py
    path_norm.json       of path-SGD, once `mgu-run explain` was called: see mgu/explain/path_norm.py
    gates.*, topology.*  figures of that, as SVG and PNG, once `mgu-run explain` was called
    prune/               for a unit, once `mgu-run prune` was called: see mgu/prune/outcome.py
    correct.bits         which of the official test examples (images, rows) those weights got right
    load.csv             how busy processor and GPU were, see mgu/measure/utilisation_curve.py
    log.txt              what happened, with the traceback of a failure
    checkpoint.pt        for a run that is not over: where it continues, see mgu/run/checkpoint.py
    checkpoint.unusable.pt  a checkpoint that could not be read, kept for inspection
    unreadable/          what a run left whose result.json could not be read; unreadable.json is that file
    .lock                held while a process trains this run

A folder such as results/mnist/ may hold runs.tar.xz, a pack of runs without weights, see mgu/results/runs/pack.py.
"""

from __future__ import annotations

RESULT_FILE = "result.json"
HISTORY_FILE = "history.csv"
CONFIG_FILE = "config.yaml"
WEIGHTS_FILE = "weights.safetensors"
PREPROCESSING_FILE = "preprocessing.json"
EXPLAIN_FILE = "explain.json"
EQUILIBRIUM_FILE = "equilibrium.json"
DIRECTED_FILE = "directed.json"
PATH_NORM_FILE = "path_norm.json"
PICTURE_FILES = ("graph.svg", "graph.png", "gates.svg", "gates.png", "topology.svg", "topology.png")
PRUNE_FOLDER = "prune"
CORRECT_FILE = "correct.bits"
LOAD_FILE = "load.csv"
LOG_FILE = "log.txt"
CHECKPOINT_FILE = "checkpoint.pt"
UNREADABLE_FOLDER = "unreadable"
UNREADABLE_RESULT_FILE = "unreadable.json"
UNUSABLE_CHECKPOINT_FILE = "checkpoint.unusable.pt"
LOCK_FILE = ".lock"
PACK_FILE = "runs.tar.xz"
