"""What `make bench` measures; nothing is computed here."""
