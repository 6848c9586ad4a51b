"""Options of a network, checked before it is built: their types, and that its weights fit the memory bound."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, get_type_hints

import torch
from pydantic import ConfigDict, TypeAdapter, ValidationError
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.overrides import TorchFunctionMode

from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import line
from pixelwise.files.tensors import MOST_BYTES, first_line
from pixelwise.settings.base import MOST_OPTION, numbers

MOST_TENSORS = 4096  # parameters of one network; the deepest published one here has 330


def checked(name: str, make: Callable[..., nn.Module], options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the types that the network's signature names.

    Raises:
        PixelwiseError: If an option is unknown, of another type or out of range.
    """
    allowed = list(inspect.signature(make).parameters)
    hints = get_type_hints(make.__init__ if isinstance(make, type) else make)  # type: ignore[misc]
    result = {}
    for option, value in options.items():
        if option not in allowed:
            raise PixelwiseError(f"{name}: option {option!r:.60}; allowed are {', '.join(allowed)}")
        value = tuple(value) if isinstance(value, list) else value
        if any(not 0 <= number <= MOST_OPTION for number in numbers(value)):
            raise PixelwiseError(f"{name}: {option} {value!r:.60}; allowed are whole numbers from 0 to {MOST_OPTION}")
        try:
            result[option] = TypeAdapter(hints[option], config=ConfigDict(strict=True)).validate_python(value)
        except ValidationError as error:
            if error.errors()[0]["type"] == "literal_error" and isinstance(
                value, str
            ):  # the network says what it allows
                result[option] = value
                continue
            raise PixelwiseError(f"{name}: {option} {value!r:.60}; {line(error)}") from None
    return result


class _NoDrawing(TorchFunctionMode):
    """Leaves out normal initialisations, for which torch would first import its compiler on the "meta" device."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return args[0] if func is torch.Tensor.normal_ else func(*args, **(kwargs or {}))


def on_meta(name: str, make: Callable[..., nn.Module], options: Mapping[str, Any]) -> nn.Module:
    """Build a network without memory or values.

    Raises:
        PixelwiseError: If its weights would exceed the memory bound, or the options make no network.
    """
    try:
        with torch.device("meta"), _NoDrawing(), _counting(name):
            return make(**options)
    except (ArithmeticError, AssertionError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        raise PixelwiseError(f"{name}: options {dict(options)!r:.200} make no network ({first_line(error)})") from None


@contextmanager
def _counting(name: str) -> Iterator[None]:
    """Refuse a network at the first parameter that is one too many, or empty."""
    found = {"tensors": 0, "bytes": 0}

    def count(module: nn.Module, key: str, parameter: nn.Parameter) -> None:
        found["tensors"] += 1
        found["bytes"] += 4 * parameter.numel()
        if found["tensors"] > MOST_TENSORS or found["bytes"] > MOST_BYTES:
            raise PixelwiseError(
                f"{name}: its options ask for more than {MOST_TENSORS} tensors or {MOST_BYTES} bytes of weights"
            )
        if not parameter.numel():
            raise PixelwiseError(f"{name}: its options make a layer without weights, {tuple(parameter.shape)}")

    handle = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        handle.remove()
