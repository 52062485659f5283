"""What a user passes where images are: paths, bytes, file objects."""
