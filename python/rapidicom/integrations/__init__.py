"""Code for other libraries: one file each, imported on demand."""
