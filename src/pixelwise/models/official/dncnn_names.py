"""Names of DnCNN's authors: their options, tensors, and the layouts of released files, batch norms folded or not.

Source: docs/reference/models.md, "DnCNN variants" (cszn/KAIR utils/utils_bnorm.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from pixelwise.errors import PixelwiseError
from pixelwise.models.architectures.dncnn import BATCH_NORM, DnCNN, Variant, fold
from pixelwise.models.official.official_keys import official_keys
from pixelwise.models.official.official_options import Clear, Options, Prefixes, only


def options(given: Options, name: str) -> Clear:
    """SaoYan has `num_of_layers`, KAIR `nb` and `act_mode`; docs/reference/models.md, "DnCNN variants"."""
    if "num_of_layers" in given or "features" in given:
        return {
            "channels": given.get("channels", 1),
            "depth": given.get("num_of_layers", 17),
            "width": given.get("features", 64),
            "variant": "saoyan",
        }
    mode = only(given, "act_mode", "BR", ("BR", "R"))
    channels = given.get("in_nc", 1)
    only(given, "out_nc", channels, (channels,))
    return {
        "channels": channels,
        "depth": given.get("nb", 17),
        "width": given.get("nc", 64),
        "variant": "kair" if mode == "BR" else "merged",
    }


def keys(module: nn.Module, style: str) -> Prefixes:
    """A Sequential, `dncnn` (SaoYan) or `model` (KAIR), of conv, ReLU, conv, (norm,) ReLU, ..., conv.

    Source: docs/reference/models.md, "DnCNN variants".
    """
    assert isinstance(module, DnCNN)
    root = "dncnn" if module.variant == "saoyan" else "model"
    step = 2 if module.variant == "merged" else 3
    last = len(module.convs) - 1
    prefixes = {"convs.0": f"{root}.0", f"convs.{last}": f"{root}.{2 + step * (last - 1)}"}
    for index in range(1, last):
        prefixes[f"convs.{index}"] = f"{root}.{2 + step * (index - 1)}"
        if step == 3:
            prefixes[f"norms.{index - 1}"] = f"{root}.{3 + step * (index - 1)}"
    return prefixes


def adapt(module: nn.Module, found: Mapping[str, Tensor], where: str) -> dict[str, Tensor]:
    """Bring a state dict to the layout of the module where folding or unfolding batch norms is all that differs.

    Args:
        module: Where the weights will go.
        found: State dict under official names.
        where: File or other origin to name in errors.

    Returns:
        The state dict, folded if the module has no batch norms and the file has; with batch norms that change nothing
        if the module is KAIR's and the file is folded; otherwise as it was.

    Raises:
        PixelwiseError: If batch norms are to be folded and a tensor is of another shape; it is named.
    """
    assert isinstance(module, DnCNN)
    folded = "model.4.weight" in found and found["model.4.weight"].dim() == 4
    if module.variant == "merged" and not folded:
        variant: Variant = "saoyan" if "dncnn.0.weight" in found else "kair"
        first = found.get("dncnn.0.weight", found.get("model.0.weight"))
        width = cast(nn.Conv2d, module.convs[0]).out_channels
        if first is not None and first.dim() == 4 and first.shape[0] == width:
            source = DnCNN(module.channels, len(module.convs), width, variant)
            keys = official_keys(source)
            for key, tensor in source.state_dict().items():
                given = found.get(keys[key], tensor)
                if (given.shape, given.dtype) != (tensor.shape, tensor.dtype):
                    what = f"{tuple(given.shape)}, {given.dtype}"
                    raise PixelwiseError(
                        f"{where}: {keys[key]} is {what}; the model needs {tuple(tensor.shape)}, {tensor.dtype}"
                    )
            if all(official in found or key.endswith("tracked") for key, official in keys.items()):
                source.load_state_dict({key: found[name] for key, name in keys.items() if name in found}, strict=False)
                merged = fold(source)
                return {official_keys(merged)[key]: tensor for key, tensor in merged.state_dict().items()}
    if module.variant == "kair" and folded:
        return _unfold(module, found)
    return dict(found)


def options_of_file(found: Mapping[str, Tensor]) -> dict[str, Any]:
    """The options of the DnCNN that a state dict under official names belongs to; empty if it shows none."""
    places = {key: re.fullmatch(r"(?:dncnn|model)\.(\d+)\.weight", key) for key in found}
    weights = {int(place[1]): found[key] for key, place in places.items() if place and found[key].dim() == 4}
    if not weights:
        return {}
    first = weights[min(weights)]
    variant: Variant = "saoyan" if "dncnn.0.weight" in found else "merged" if 4 in weights else "kair"
    return {"channels": first.shape[1], "depth": len(weights), "width": first.shape[0], "variant": variant}


def _unfold(module: DnCNN, found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Folded layout -> convolutions followed by batch norms that change nothing (variance 1 - eps)."""
    names, single = official_keys(module), {f"convs.{i}": f"model.{2 * i}" for i in range(len(module.convs))}
    result: dict[str, Tensor] = {}
    used = set()
    for key, own in module.state_dict().items():
        owner, leaf = key.rsplit(".", 1)
        if owner in single:
            official = f"{single[owner]}.{leaf}"
            used.add(official)
            if official in found:
                result[names[key]] = found[official]
        else:
            value = {"weight": 1.0, "running_var": 1.0 - BATCH_NORM["kair"][0]}.get(leaf, 0.0)
            result[names[key]] = torch.full_like(own, value, device="cpu")
    return result | {key: tensor for key, tensor in found.items() if key not in used}
