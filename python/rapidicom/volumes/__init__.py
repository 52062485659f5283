"""Many files: series, and one volume of each."""
