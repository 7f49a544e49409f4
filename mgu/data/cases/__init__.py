"""Cases: the user's own images, several a case, in folders or listed in a CSV.

dataset.py is the kind of data; files.py and listing.py find the images, cases.py splits them by case, decode.py and
cache.py decode each once for all runs.
"""
