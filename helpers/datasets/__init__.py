"""The lessons' data sets, one file each: from a verified file to arrays."""
