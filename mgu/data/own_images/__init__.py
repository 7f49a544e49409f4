"""Images of the user's own: a folder by class, a folder that is split already, or a table that lists them.

dataset.py is the kind of data; folder.py, table.py and columns.py find the images, groups.py and listing.py say what
must not be divided and check it, load.py splits them. Decoding and caching are those of every kind of image files.
"""
