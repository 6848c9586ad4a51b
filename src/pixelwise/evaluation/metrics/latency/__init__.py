"""Times and memory of timed calls. Step `time`.

`compute(milliseconds: list[float]) -> float`, of the calls of one model under one condition.
"""
