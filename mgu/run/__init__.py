"""The training process: one run from its configuration to its result.json.

worker.py is the entry point, execute.py reads from top to bottom: set up, train, evaluate, explain, record. set_up.py
comes before the clock, training.py begins or continues, checkpoint.py holds what an interrupted run continues from, and
run_files.py what a run leaves. preflight.py and calibrate.py run before a sweep.
"""
