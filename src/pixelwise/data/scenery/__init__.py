"""Procedural street scenes: camera and canvas, what stands in a street, and how it looks."""
