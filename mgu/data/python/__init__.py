"""Data from a function of the user's own, named by import path: `dataset=python dataset.target=my_pkg:load`.

load.py calls the function and splits what it returns, tensors.py makes tensors of that and checks them, examples.py
holds them in memory, describe.py tells the parent process what the function returns. It must return the same rows at
every call: mgu/random_numbers/generators.py keeps chance from hiding that it does not, fingerprint.py tells whether it
does.
"""
