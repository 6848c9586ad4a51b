"""What an entry of a profile does not say itself: from `defaults`, by its task, and from `networks`, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import short
from pixelwise.planning.configuration import validate
from pixelwise.planning.origins import Origins
from pixelwise.settings import architectures
from pixelwise.settings.models import ConvertSettings
from pixelwise.settings.profile import Configuration, Inherited, Network, Profile, Timed, Training

Entry = Mapping[str, Any]
PUBLISHED = {*Training.model_fields, *ConvertSettings.model_fields}
"""What an entry with published weights can say, and so all that it inherits."""


def merged(base: Any, over: Any) -> Any:
    """`over` on top of `base`, key by key where both are tables."""
    if isinstance(base, dict) and isinstance(over, dict):
        return base | {key: merged(base.get(key), value) for key, value in over.items()}
    return over


def resolved(whole: Configuration, origins: Origins) -> dict[str, Any]:
    """The active profile with nothing left to look up: every entry of `train` and `time` holds all that it needs.

    An entry of `train` has `architecture` and `options` where it named a network, and a group of `time` has `models`.

    Raises:
        PixelwiseError: If a name or a place is wrong; it names the place that the user wrote.
    """
    tables = set(Inherited.model_fields)
    values: dict[str, Any] = merged(
        {key: value for key, value in whole.defaults.items() if key not in tables}, whole.profiles[whole.profile]
    )
    profile = validate(Profile, origins.named(), values)
    shared = {key: value for key, value in whole.defaults.items() if key in tables}
    levels = [validate(Inherited, lambda loc: ["defaults", *loc], shared), profile.defaults]
    if twice := sorted(set(whole.networks) & set(profile.networks)):
        raise PixelwiseError(
            f"params.yaml: {origins.place('networks', twice[0])}: one of the top-level networks already"
        )
    networks = whole.networks | profile.networks
    train = {
        name: _trained(_inherited(entry, [level.train for level in levels]), origins, name, networks)
        for name, entry in profile.train.items()
    }
    time = {
        name: _timed(_inherited(entry, [level.time for level in levels]), origins, name, networks, train)
        for name, entry in profile.time.items()
    }
    return values | {"train": train, "time": time}


def _inherited(entry: Entry, levels: list[Mapping[Any, Entry]]) -> dict[str, Any]:
    """An entry over what its task has in `defaults`, field by field; the profile's own come after the shared ones."""
    task = entry.get("task")
    given = {key: value for level in levels for key, value in level.get(str(task), {}).items()}
    if entry.get("checkpoint") is not None:
        given = {key: value for key, value in given.items() if key in PUBLISHED}
    return given | dict(entry)


def _network(name: Any, networks: Mapping[str, Network], place: str) -> Network:
    if not isinstance(name, str) or name not in networks:
        raise PixelwiseError(f"params.yaml: {place}: no network {short(name)}; allowed: {', '.join(networks)}")
    return networks[name]


def _trained(entry: dict[str, Any], origins: Origins, name: str, networks: Mapping[str, Network]) -> dict[str, Any]:
    for key in Network.model_fields:
        if key in entry:
            place = origins.place("train", name)
            raise PixelwiseError(
                f"params.yaml: {place}: {key}; a network is described in networks, and named by network"
            )
    if "network" not in entry:
        raise PixelwiseError(
            f"params.yaml: {origins.place('train', name)}: needs network, one of {', '.join(networks)}"
        )
    network = _network(entry.pop("network"), networks, origins.place("train", name, "network"))
    options = {"options": dict(network.options)} if network.options else {}
    return entry | {"architecture": network.architecture} | options


def _timed(
    entry: dict[str, Any], origins: Origins, name: str, networks: Mapping[str, Network], train: Mapping[str, Entry]
) -> dict[str, Any]:
    """A group with its models: networks under their own names, and what is trained under the names in `train`."""
    if "models" in entry:
        place = origins.place("time", name)
        raise PixelwiseError(f"params.yaml: {place}: models; a group names networks, and entries of train by trained")
    own = {key: entry.pop(key) for key in Timed.model_fields if key in entry}
    group = validate(Timed, origins.named("time", name), own)
    for label in group.trained:
        if label not in train:
            place = origins.place("time", name, "trained")
            raise PixelwiseError(f"params.yaml: {place}: no entry {short(label)} of train; allowed: {', '.join(train)}")
    if twice := [label for label in group.networks if label in group.trained]:
        place = origins.place("time", name, "networks")
        raise PixelwiseError(f"params.yaml: {place}: {twice[0]} is in trained too; every label is one network")
    models = {label: train[label] for label in group.trained}
    for key, labels in (("against", [group.against] if group.against else []), ("networks", group.networks)):
        for label in (label for label in labels if label not in models):
            models[label] = _network(label, networks, origins.place("time", name, key)).model_dump()
    if group.against:
        pairs = [[label, group.against] for label in (*group.trained, *group.networks) if label != group.against]
        entry = entry | {"ratios": [*entry.get("ratios", []), *pairs]}
    given = _of_data(entry, group)
    return entry | {
        "models": {
            label: {
                "architecture": model["architecture"],
                "options": architectures.taken(model["architecture"], given) | model.get("options", {}),
            }
            for label, model in models.items()
        }
    }


def _of_data(entry: Entry, group: Timed) -> dict[str, Any]:
    """Options that follow from the data; the number of labels is a setting of the group, and filled in as it runs."""
    if entry.get("task") == "denoising":
        channels = entry.get("channels", 1)
        return {"channels": channels, "dense_channels": channels, "output_channels": channels, "instance_edge": False}
    return {} if group.instance_edge is None else {"instance_edge": group.instance_edge}
