"""Trained networks on a user's own pictures."""
