"""Where in params.yaml a value was written that a profile has by inheritance, for messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


def _has(node: Any, path: list[str]) -> bool:
    """Whether there is a value at a path, as far as it leads through tables."""
    for key in path:
        if not isinstance(node, Mapping):
            return True
        if key not in node:
            return False
        node = node[key]
    return True


def _at(node: Any, *path: str) -> Any:
    for key in path:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


@dataclass(frozen=True)
class Origins:
    """The places of one profile's values.

    Attributes:
        config: All of params.yaml.
        profile: Name of the profile.
    """

    config: Mapping[str, Any]
    profile: str

    def named(self, *before: str) -> Callable[[list[str]], list[str]]:
        """A function for `reading.line`: where a value below `before` was written."""
        return lambda path: self.path([*before, *path])

    def place(self, *path: str) -> str:
        """The path of a value of the profile as the user would find it."""
        return ".".join(self.path(list(path)))

    def written(self, *path: str) -> bool:
        """Whether the user wrote a value of the profile, there or where it is inherited from."""
        literal = ["profiles", self.profile, *path]
        return any(_has(self.config, place) for place in [literal, *self._others(list(path))])

    def path(self, path: list[str]) -> list[str]:
        """Keys from the top of the file to the value: the first place that has it, or else the profile's own."""
        literal = ["profiles", self.profile, *path]
        found = [place for place in [literal, *self._others(path)] if path and _has(self.config, place)]
        return found[0] if found else literal

    def _others(self, path: list[str]) -> list[list[str]]:
        if path[0] not in ("train", "time") or len(path) < 3:
            return [["defaults", *path]]
        table, entry, *rest = path
        if table == "train" and rest[0] in ("architecture", "options"):
            return self._networks(self._network(entry), rest)
        if table == "time" and rest[0] == "models" and len(rest) > 1:
            return self._networks(self._label(entry, rest[1]), rest[2:])
        task = str(_at(self.config, "profiles", self.profile, table, entry, "task"))
        inherited = ["defaults", table, task, *rest]
        return [["profiles", self.profile, *inherited], inherited]

    def _networks(self, name: str, rest: list[str]) -> list[list[str]]:
        return [["profiles", self.profile, "networks", name, *rest], ["networks", name, *rest]]

    def _network(self, entry: str) -> str:
        """The network that an entry of `train` names."""
        return str(_at(self.config, *self.path(["train", entry, "network"])))

    def _label(self, group: str, label: str) -> str:
        """The network behind a label of a group: an entry of `train`, or its own name."""
        trained = _at(self.config, *self.path(["time", group, "trained"]))
        return self._network(label) if isinstance(trained, list) and label in trained else label
