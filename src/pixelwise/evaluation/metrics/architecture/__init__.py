"""What the step `inspect` reads off built networks and recipes; nothing is computed here."""
