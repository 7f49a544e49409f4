"""The parent process: runs as the command line and Hydra launch them, each in a fresh child process.

sweep.py is the state of a sweep, launch.py launches its jobs, jobs.py trains one, plan.py shows what would be trained.
It reaches the child process (mgu/run/) only by name through mgu/isolation/; what the two share is on disk
(mgu/results/) or the configuration (mgu/config/). Imports no torch.
"""
