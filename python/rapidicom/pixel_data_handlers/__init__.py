"""pydicom's old place for functions on pixels. Its handlers are not here: nothing has to be chosen."""
