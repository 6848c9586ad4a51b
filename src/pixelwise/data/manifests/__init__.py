"""Lists of archive members. The checksum of each stands in its source, so that no other data set depends on it."""
