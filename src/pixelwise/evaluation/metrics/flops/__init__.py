"""Arithmetic and size of one network, which the step `time` counts; nothing is computed here."""
