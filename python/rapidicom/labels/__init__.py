"""What was drawn on images: segmentations and structure sets, as arrays on the images' grid."""
