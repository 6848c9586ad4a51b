"""Metrics of pictures that a segmenter read, from confusion matrices. Step `segment`.

`compute(counts: Counts) -> array [r]`, see `pixelwise.evaluation.confusion`: one value for each of r draws of the
images, [r, C] for metrics with `classes`; NaN where it is not defined. A metric whose unit is % gives shares, 0 to 1.
"""
