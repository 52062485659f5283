"""Where images come from: paths, bytes, file objects."""
