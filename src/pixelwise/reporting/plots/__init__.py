"""The figures, one theme a module; found by scanning this folder."""
