"""Published values for the figures: the claims register holds the numbers, `panels.yaml` says where each is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from pixelwise.errors import PixelwiseError

REGISTER = Path(__file__).parent / "../claims/register.yaml"
PANELS = Path(__file__).parent / "panels.yaml"
COLUMNS = [
    *("panel", "panel_kind", "dataset", "model", "height", "width", "sigma", "quantity"),
    *("value", "low", "high", "error", "unit", "claim"),
]


def _yaml(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, yaml.YAMLError) as error:
        raise PixelwiseError(f"{path.name}: not readable as YAML ({' '.join(str(error).split())})") from None


def load(register: Path = REGISTER, panels: Path = PANELS) -> pd.DataFrame:
    """Every published value that a figure shows.

    Args:
        register: The claims register.
        panels: Which claim stands where in which panel.

    Returns:
        One row for each point, with the columns `COLUMNS`; `low` and `high` are value -+ reading error.

    Raises:
        PixelwiseError: If a panel names a claim that the register lacks or that holds no number.
    """
    claims = {claim["id"]: claim for claim in _yaml(register)["claims"]}
    rows = []
    for panel in _yaml(panels)["panels"]:
        for point in panel["points"]:
            rows += [_row(panel, point, quantity, claims, name) for quantity, name in point["claims"].items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(
    panel: dict[str, Any], point: dict[str, Any], quantity: str, claims: dict[str, Any], name: str
) -> dict[str, Any]:
    claim = claims.get(name)
    if claim is None:
        raise PixelwiseError(f"panels.yaml: {panel['title']}: claim {name!r} is not in the register")
    value = claim.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PixelwiseError(f"panels.yaml: {panel['title']}: claim {name!r} holds {value!r}; a number is needed")
    error = float(claim.get("reading_error") or 0.0)
    height, width = point.get("size", panel.get("size", (None, None)))
    return {
        **{"panel": panel["title"], "panel_kind": panel["kind"], "dataset": panel["dataset"], "model": point["model"]},
        **{"height": height, "width": width, "sigma": point.get("sigma"), "quantity": quantity, "value": float(value)},
        **{"low": value - error, "high": value + error, "error": error, "unit": claim.get("unit", ""), "claim": name},
    }
