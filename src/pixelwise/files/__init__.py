"""How files are read, written and locked."""
