"""Distances between the Inception features of two sets of pictures. Step `fid`.

`compute(x [n, d], y [m, d])` prepares two sets of features, float64, and gives a function of how often each row counts,
whole numbers [r, n] and [r, m], that returns the distances [r]; NaN where one is not defined.
"""
