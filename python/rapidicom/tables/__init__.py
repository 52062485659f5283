"""Many files: the header table."""
