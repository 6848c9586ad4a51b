"""Which two models a ratio of times compares, as the run's configuration names them, and the ratios by image size."""

from __future__ import annotations

import pandas as pd

from pixelwise.reporting.figure_numbers import Numbers, over_seeds
from pixelwise.reporting.style import family, label
from pixelwise.reporting.tidy_tables import each

Pair = tuple[str, str]
"""The slower and the faster family of models, `pix2pixhd` and `asapnet`, as `ratios` in the configuration has them; or
two models, where a run compares several of these families at one size."""


FORMS = {"published": "as published", "eager": "eager, ASAP-Net in this package's form"}
"""Forms of the plain condition, in words; of several the first counts. Earlier versions timed the second alone."""


def plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the plain condition; one that a record does not name is not held against it."""
    wanted = {"batch": (1,), "precision": ("fp32", ""), "scope": ("generator", ""), "mode": (_form(rows), "")}
    for name, allowed in wanted.items():
        rows = rows[rows[name].isna() | rows[name].isin(allowed)]
    return rows


def _form(rows: pd.DataFrame) -> str:
    return next((name for name in FORMS if rows["mode"].eq(name).any()), next(iter(FORMS)))


def form(rows: pd.DataFrame) -> str:
    """How the networks of these rows were run, in words."""
    return FORMS[_form(rows)]


def lines(rows: pd.DataFrame) -> pd.Series:
    """The family of each row's model (of both, in a ratio), or the model itself where a family has several at one size.

    So a model whose options grow with the image is one line over all sizes, and two forms of one model are two.
    """
    families = rows["model"].map(lambda model: "/".join(family(part) for part in str(model).split("/")))
    several = rows.assign(line=families).groupby(["line", "height", "width"])["model"].nunique()
    apart = {line for line, count in several.groupby("line").max().items() if count > 1}
    return families.where(~families.isin(apart), rows["model"]).astype(object)


def _measured(numbers: Numbers) -> pd.DataFrame:
    """Ratios of translation models in the plain condition, with their pair."""
    rows = plain(numbers.pick("latency", "ratio", "translation"))
    split = [tuple(str(line).split("/")) for line in lines(rows)]
    return rows.assign(pair=pd.Series(split, index=rows.index, dtype=object))


def compared(numbers: Numbers) -> list[Pair]:
    """Pairs that a run compares, in the order of its configuration."""
    return list(dict.fromkeys(_measured(numbers)["pair"]))


def words(pair: Pair) -> str:
    """`pix2pixHD / ASAP-Net`."""
    return " / ".join(label(model) for model in pair)


def ratios(published: pd.DataFrame, pair: Pair) -> pd.DataFrame:
    """Ratio of a pair's times at each size, with the reading errors carried through linearly.

    Args:
        published: One row for each model and size: model, megapixels, value, low, high.
        pair: The two models.
    """
    slow, fast = (published[published["model"] == name].set_index("megapixels") for name in pair)
    sizes = sorted(set(slow.index) & set(fast.index))
    a, b = slow.loc[sizes], fast.loc[sizes]
    value = a["value"] / b["value"]
    return pd.DataFrame({"value": value, "low": a["low"] / b["high"], "high": a["high"] / b["low"]}).reset_index(
        names="megapixels"
    )


def measured_ratios(numbers: Numbers, pair: Pair) -> pd.DataFrame:
    """A pair's ratio records of this run in the plain condition, by image size."""
    rows = _measured(numbers)
    joined = over_seeds(rows[rows["pair"] == pair], ["model", "height", "width"])
    return joined.assign(megapixels=joined["height"] * joined["width"] / 1e6).sort_values("megapixels")


def said(name: str, points: pd.DataFrame) -> str:
    """One line of ratios in words, by its smallest and its largest size; empty without points."""
    ends = list(each(points.sort_values("megapixels").iloc[[0, -1]])) if len(points) else []
    words = list(dict.fromkeys(f"{point.value:.2f} at {point.megapixels:.2f}" for point in ends))
    return f"{name}: {' to '.join(words)} megapixels" if words else ""
