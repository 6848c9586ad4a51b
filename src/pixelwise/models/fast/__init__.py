"""Engines and kernels: the same networks, faster."""
