"""Code for other libraries: one file or package each, imported on demand.

A file that a method of ours calls (`nibabel`, by `Volume.to_nibabel`) imports no `volumes` and no
data sets: it and the module of that method would import each other. The others may import all of
the package but the command line. `tests/python/test_layers.py` checks both.
"""
