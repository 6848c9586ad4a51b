"""The kinds of data sets. Each module declares one, of its own name, as `KIND`; they are found by looking in here."""
