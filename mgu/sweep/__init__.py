"""The parent process: runs as the command line and Hydra launch them, each in a fresh child process.

Imports no torch. It reaches the training process (mgu/run/) only by name through mgu/isolation.py; what the two share
is on disk (mgu/results/) or the configuration (mgu/config/).
"""
