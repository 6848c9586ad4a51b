"""Metrics: one module for each, or several in a module that computes them together, found by scanning.

The folder says of which kind of record a metric is, and its text what `compute` receives. A module declares `METRICS`,
a list of `pixelwise.quantities.Metric`. Every one is computed by the step of its kind, and stands in the summary and in
the tables and figures of the report that it names in `shown`. Reports and claims read the declarations, so a module
imports torch and scikit-image inside its functions alone.
"""
