"""The one table of measured quantities: for each kind of record its quantities, their unit and their range.

Infinity is a value of the quantities marked `infinite`: the PSNR of a perfect restoration. Every JSON file holds it as
the text "Infinity", every CSV file as `inf`; there is no other number that is not finite.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer

INFINITY = "Infinity"
ROUNDING = 1e-9
"""Share by which the ends of an interval may lie on the wrong side of its value."""


@dataclass(frozen=True)
class Quantity:
    """What a number under a name must be.

    Attributes:
        units: Its unit, and other spellings of the same unit.
        low: Least value.
        high: Greatest value.
        infinite: Whether infinity is a value.
    """

    units: tuple[str, ...]
    low: float = 0.0
    high: float = field(default=math.inf)
    infinite: bool = False

    def problem(self, value: float | None, unit: str) -> str | None:
        """What is wrong with a number, in words, or None."""
        if unit not in self.units:
            return f"unit {unit!r}; it is defined in {self.units[0]!r}"
        if value is None or (self.infinite and value == math.inf):
            return None
        if not math.isfinite(value):
            return f"{value}; a finite number is needed"
        if not self.low <= value <= self.high:
            return f"{value:g}; allowed are {self.low:g} to {self.high:g}"
        return None


PURE = ("1", "times")
SHARE = Quantity(("%",), 0, 100)
COUNT = Quantity(("1",))
DECIBEL = Quantity(("dB",), -math.inf, math.inf, infinite=True)
MILLISECONDS, MEBIBYTES, RATIO = Quantity(("ms",)), Quantity(("MiB",)), Quantity(PURE)
THROUGHPUT, OPERATIONS = Quantity(("images/s",)), Quantity(("GFLOP",))

_SCORES = {
    **dict.fromkeys(("psnr", "psnr_8bit"), DECIBEL),
    **dict.fromkeys(("ssim", "ssim_8bit"), Quantity(("1",), -1, 1)),
    **dict.fromkeys(("blockiness", "blockiness_clean"), Quantity(("1",))),
}
_TIMES = {
    **dict.fromkeys(("median", "p90", "p99", "min"), MILLISECONDS),
    **dict.fromkeys(("ratio", "gflop_ratio"), RATIO),
    **{"throughput": THROUGHPUT, "peak_memory": MEBIBYTES, "gflop": OPERATIONS},
}
_PARTS = ("gmacs", "gmacs_stem", "gmacs_blocks", "gmacs_head", "gmacs_pixelwise")
_COUNTED = {
    **dict.fromkeys(_PARTS, Quantity(("10^9",))),
    **dict.fromkeys(("parameters", "parameters_per_tile"), Quantity(("parameters", "1"))),
    **dict.fromkeys(("tile", "receptive_field"), Quantity(("pixels", "1"))),
    **dict.fromkeys(("grid_rows", "grid_columns"), Quantity(("tiles", "1"))),
    **dict.fromkeys(("input_channels", "mlp_inputs", "mlp_width", "position_channels"), Quantity(("channels", "1"))),
    **dict.fromkeys(("mlp_layers", "batch_norm_layers"), Quantity(("layers", "1"))),
    **{"gmacs_ratio": RATIO, "bytes_fp32": Quantity(("bytes",)), "parameter_sets_per_tile": Quantity(("sets", "1"))},
    **{"mlp_negative_slope": COUNT, "scales": Quantity(("scales", "1")), "epochs": Quantity(("epochs", "1"))},
    **{"batch": Quantity(("images", "1")), "restoration_batch": Quantity(("patches", "1"))},
    **dict.fromkeys(("feature_matching", "perceptual", "learning_rate"), COUNT),
    **dict.fromkeys(("gan_loss_hinge", "loss_half_sum_squares"), Quantity(("1",), 0, 1)),
}
QUANTITIES: dict[str, dict[str, Quantity]] = {
    "restoration": _SCORES,
    "segmentation": dict.fromkeys(("miou", "acc_all", "acc_labelled", "acc_per_image", "labelled_share"), SHARE),
    # Rounding may leave the distance of equal sets a little below 0; the unbiased kernel distance lies around it.
    "fid": {"fid": Quantity(("1",), -1e-3), "kid": Quantity(("1",), -math.inf)},
    "latency": _TIMES,
    "flops": {
        **{"gflop": OPERATIONS, "gmacs": Quantity(("GMAC", "10^9")), "parameters": Quantity(("1", "parameters"))},
        **{"weights": MEBIBYTES},
    },
    "architecture": _COUNTED,
    "bench": {
        **{name: _TIMES[name] for name in ("median", "ratio", "throughput", "peak_memory")},
        **{"speed": Quantity(("TFLOP/s",)), "executed": OPERATIONS, "share_of_peak": COUNT},
        **{"bandwidth": Quantity(("GB/s",)), "seconds": Quantity(("s",)), "distance": COUNT},
        **{"gradient_distance": Quantity(("relative",)), "status": Quantity(("exit status",), -255, 255)},
    },
}
"""Kind of record -> name of the quantity -> what it must be."""
CLASS_SHARE = "iou_"
"""Beginning of the names of the classes' shares, per cent, in records of segmentation."""


def rising(numbers: Sequence[float]) -> bool:
    """Whether numbers (the lower end of an interval, its value, the upper end) do not fall, rounding apart."""
    slack = ROUNDING * max((abs(number) for number in numbers if math.isfinite(number)), default=0.0)
    return all(a <= b + slack for a, b in pairwise(numbers))


def quantity(kind: str, name: str) -> Quantity | None:
    """The definition of a quantity, or None if there is none of this name."""
    if kind == "segmentation" and name.startswith(CLASS_SHARE):
        return SHARE
    return QUANTITIES.get(kind, {}).get(name)


def _from_json(value: Any) -> Any:
    if value == INFINITY and isinstance(value, str):
        return math.inf
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f'a number, or "{INFINITY}" where that is a value, is needed')
    return value


def to_json(value: float | None) -> float | str | None:
    """A number as JSON files hold it."""
    return INFINITY if value == math.inf else value


Number = Annotated[
    float, Field(allow_inf_nan=True), BeforeValidator(_from_json), PlainSerializer(to_json, when_used="json")
]
"""A number that JSON may hold as the text "Infinity"."""
