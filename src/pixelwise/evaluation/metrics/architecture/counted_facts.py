"""Numbers of published architectures and recipes: name, words for readers, unit and its other spellings, most."""

from __future__ import annotations

import math

from pixelwise.quantities import Metric

_PLAIN = "1"
_UNITS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("gmacs", "gmacs_stem", "gmacs_blocks", "gmacs_head", "gmacs_pixelwise"), ("10^9",)),
    **dict.fromkeys(("parameters", "parameters_per_tile"), ("parameters", _PLAIN)),
    **dict.fromkeys(("tile", "receptive_field"), ("pixels", _PLAIN)),
    **dict.fromkeys(("grid_rows", "grid_columns"), ("tiles", _PLAIN)),
    **dict.fromkeys(("input_channels", "mlp_inputs", "mlp_width", "position_channels"), ("channels", _PLAIN)),
    **dict.fromkeys(("mlp_layers", "batch_norm_layers"), ("layers", _PLAIN)),
    **{"gmacs_ratio": (_PLAIN, "times"), "bytes_fp32": ("bytes",), "parameter_sets_per_tile": ("sets", _PLAIN)},
    **{"mlp_negative_slope": (_PLAIN,), "scales": ("scales", _PLAIN), "epochs": ("epochs", _PLAIN)},
    **{"batch": ("images", _PLAIN), "restoration_batch": ("patches", _PLAIN)},
    **dict.fromkeys(("feature_matching", "perceptual", "learning_rate"), (_PLAIN,)),
    **dict.fromkeys(("gan_loss_hinge", "loss_half_sum_squares"), (_PLAIN,)),
}
_SHARES = ("gan_loss_hinge", "loss_half_sum_squares")
"""1 where a recipe has it, else 0."""

METRICS = [
    Metric(name=name, label=name.replace("_", " "), units=units, high=1 if name in _SHARES else math.inf)
    for name, units in _UNITS.items()
]
