"""Data sets and their elements (PS3.5 §7), and reading one file."""
