"""The user's own Python code, named by import path as my_pkg:load: where it lies, what it contains, what it raises.

source.py finds the file of a module and its checksum without executing anything, so the parent process uses it too;
loading.py imports the module in the child process and calls what it names; faults.py tells the user's mistakes there.
"""
