"""The child process: one run from its configuration to its result.json.

worker.py is the entry point, execute.py reads from top to bottom: set up, train, evaluate, measure, write.
checkpoint.py holds what an interrupted run continues from; preflight.py looks at a sweep before it starts.
"""
