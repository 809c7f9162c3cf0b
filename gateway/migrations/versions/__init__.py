"""The steps, one file each, named by number."""
