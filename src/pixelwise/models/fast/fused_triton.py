"""GPU kernels around cuDNN's convolutions, for inference in channels-last layout.

`semantics` makes a generator's input from label bytes: one-hot, instance edge, tent filter and padding in one pass.
`instance_norm` fuses instance norm, scale and shift, ReLU, the sum with a shortcut and the next layer's padding.
Like `pixelwise_triton`, the kernels run on the CPU with `TRITON_INTERPRET=1`.
"""

from __future__ import annotations

import torch
from torch import Tensor

try:
    import triton
    import triton.language as tl
except ImportError:  # wheels without Triton: macOS, Windows
    triton = None

PARTS = 256  # an instance's pixels are reduced in at most so many parts, whose moments are then combined

if triton is not None:

    @triton.jit  # type: ignore[untyped-decorator]
    def _reflect(place: tl.tensor, size: tl.tensor) -> tl.tensor:
        """Index inside [0, size) of a place up to size - 1 outside, mirrored at the outermost pixel."""
        place = tl.abs(place)
        return size - 1 - tl.abs(size - 1 - place)

    @triton.jit  # type: ignore[untyped-decorator]
    def _semantics(
        labels: tl.tensor, edge: tl.tensor, image: tl.tensor, height: tl.tensor, width: tl.tensor,
        LABELS: tl.constexpr, EDGE: tl.constexpr, FACTOR: tl.constexpr, PAD: tl.constexpr,
        CHANNELS: tl.constexpr, COLUMNS: tl.constexpr, PADDED: tl.constexpr,
    ) -> None:  # fmt: skip
        """One program: COLUMNS pixels of one row of the result [N, H/FACTOR + 2 PAD, W/FACTOR + 2 PAD, CHANNELS]."""
        rows, columns = height // FACTOR + 2 * PAD, width // FACTOR + 2 * PAD
        sample, row = tl.program_id(0).to(tl.int64) // rows, tl.program_id(0) % rows
        column = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
        inside = column < columns
        y = _reflect(row - PAD, height // FACTOR) * FACTOR - FACTOR // 2
        x = _reflect(column - PAD, width // FACTOR) * FACTOR - FACTOR // 2
        channel = tl.arange(0, PADDED)
        ids = tl.where(channel < LABELS, channel, 256)  # no id of a byte is 256
        total = tl.zeros((COLUMNS, PADDED), tl.float32)
        taps: tl.constexpr = 1 if FACTOR == 1 else 2 * FACTOR
        for down in range(taps):
            for right in range(taps):
                # The tent's taps are 1, 3, ..., 2 FACTOR - 1, 2 FACTOR - 1, ..., 3, 1; their sum is 2 FACTOR^2.
                weight = 1.0
                if FACTOR > 1:
                    tent = (2 * tl.minimum(down, taps - 1 - down) + 1) * (2 * tl.minimum(right, taps - 1 - right) + 1)
                    weight = tent.to(tl.float32) / (4.0 * FACTOR * FACTOR * FACTOR * FACTOR)
                place = sample * height * width + _reflect(y + down, height) * width + _reflect(x + right, width)
                label = tl.load(labels + place, mask=inside, other=255).to(tl.int32)
                total += tl.where(label[:, None] == ids[None, :], weight, 0.0)
                if EDGE:
                    marked = tl.load(edge + place, mask=inside, other=0).to(tl.float32)
                    total += tl.where(channel[None, :] == LABELS, weight * marked[:, None], 0.0)
        target = ((sample * rows + row) * columns + column)[:, None] * CHANNELS + channel[None, :]
        tl.store(image + target, total, mask=inside[:, None] & (channel < CHANNELS)[None, :])

    @triton.jit  # type: ignore[untyped-decorator]
    def _moments(
        image: tl.tensor, means: tl.tensor, squares: tl.tensor, pixels: tl.tensor, channels: tl.tensor,
        SPAN: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
    ) -> None:  # fmt: skip
        """One program: mean and sum of squared differences of SPAN pixels (ROWS at a time) of COLUMNS channels."""
        sample, part = tl.program_id(0).to(tl.int64), tl.program_id(1)
        channel = tl.program_id(2) * COLUMNS + tl.arange(0, COLUMNS)
        kept = (channel < channels)[None, :]
        count = tl.zeros((COLUMNS,), tl.float32)
        mean = tl.zeros((COLUMNS,), tl.float32)
        square = tl.zeros((COLUMNS,), tl.float32)
        for block in range(SPAN // ROWS):
            start = part * SPAN + block * ROWS
            pixel = start + tl.arange(0, ROWS)
            valid = (pixel < pixels)[:, None] & kept
            place = (sample * pixels + pixel)[:, None] * channels + channel[None, :]
            value = tl.load(image + place, mask=valid, other=0.0).to(tl.float32)
            number = tl.maximum(tl.minimum(pixels - start, ROWS), 0).to(tl.float32)
            local = tl.sum(value, 0) / tl.maximum(number, 1.0)
            distance = tl.where(valid, value - local[None, :], 0.0)
            shift = local - mean
            share = number / tl.maximum(count + number, 1.0)
            square += tl.sum(distance * distance, 0) + shift * shift * count * share
            mean += shift * share
            count += number
        target = (sample * tl.num_programs(1) + part) * channels + channel
        tl.store(means + target, mean, mask=channel < channels)
        tl.store(squares + target, square, mask=channel < channels)

    @triton.jit  # type: ignore[untyped-decorator]
    def _combine(
        means: tl.tensor, squares: tl.tensor, mean_of: tl.tensor, factor_of: tl.tensor,
        pixels: tl.tensor, channels: tl.tensor, span: tl.tensor, parts: tl.tensor, eps: tl.tensor,
        PARTS: tl.constexpr, COLUMNS: tl.constexpr,
    ) -> None:  # fmt: skip
        """One program: mean and 1 / sqrt(variance + eps) of COLUMNS channels of one instance from its parts'."""
        sample = tl.program_id(0).to(tl.int64)
        channel = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
        kept = (channel < channels)[None, :]
        part = tl.arange(0, PARTS)
        valid = (part < parts)[:, None] & kept
        number = tl.maximum(tl.minimum(pixels - part * span, span), 0).to(tl.float32)[:, None]
        place = (sample * parts + part)[:, None] * channels + channel[None, :]
        local = tl.load(means + place, mask=valid, other=0.0)
        mean = tl.sum(tl.where(valid, local * number, 0.0), 0) / pixels
        spread = tl.load(squares + place, mask=valid, other=0.0)
        distance = local - mean[None, :]
        variance = tl.sum(tl.where(valid, spread + number * distance * distance, 0.0), 0) / pixels
        tl.store(mean_of + sample * channels + channel, mean, mask=channel < channels)
        tl.store(factor_of + sample * channels + channel, tl.rsqrt(variance + eps), mask=channel < channels)

    @triton.jit  # type: ignore[untyped-decorator]
    def _normalise(
        image: tl.tensor, means: tl.tensor, factors: tl.tensor, scale: tl.tensor, shift: tl.tensor,
        shortcut: tl.tensor, result: tl.tensor, height: tl.tensor, width: tl.tensor, channels: tl.tensor,
        step_sample: tl.tensor, step_row: tl.tensor,
        AFFINE: tl.constexpr, RELU: tl.constexpr, SHORTCUT: tl.constexpr, PAD: tl.constexpr,
        ROWS: tl.constexpr, COLUMNS: tl.constexpr,
    ) -> None:  # fmt: skip
        """One program: ROWS pixels of the padded result of one instance, COLUMNS channels."""
        sample = tl.program_id(1).to(tl.int64)  # pixels come first: a grid's other axes end at 65535
        channel = tl.program_id(2) * COLUMNS + tl.arange(0, COLUMNS)
        kept = (channel < channels)[None, :]
        pixels = height * width
        mean = tl.load(means + sample * channels + channel, mask=channel < channels, other=0.0)
        factor = tl.load(factors + sample * channels + channel, mask=channel < channels, other=0.0)
        offset = tl.zeros((COLUMNS,), tl.float32)
        if AFFINE:
            factor *= tl.load(scale + channel, mask=channel < channels, other=0.0)
            offset = tl.load(shift + channel, mask=channel < channels, other=0.0)

        columns = width + 2 * PAD
        pixel = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
        inside = (pixel < (height + 2 * PAD) * columns)[:, None] & kept
        y, x = _reflect(pixel // columns - PAD, height), _reflect(pixel % columns - PAD, width)
        source = (sample * pixels + y * width + x)[:, None] * channels + channel[None, :]
        value = tl.load(image + source, mask=inside, other=0.0).to(tl.float32)
        value = (value - mean[None, :]) * factor[None, :] + offset[None, :]
        if RELU:
            value = tl.maximum(value, 0.0)
        if SHORTCUT:
            other = (sample * step_sample + y.to(tl.int64) * step_row + x * channels)[:, None] + channel[None, :]
            value += tl.load(shortcut + other, mask=inside, other=0.0).to(tl.float32)
        target = (sample * (height + 2 * PAD) * columns + pixel)[:, None] * channels + channel[None, :]
        tl.store(result + target, value, mask=inside)


def _empty(count: int, channels: int, height: int, width: int, like: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.empty(
        count, channels, height, width, dtype=dtype, device=like.device, memory_format=torch.channels_last
    )


def semantics(
    labels: Tensor, edge: Tensor | None, num_labels: int, factor: int, pad: int, channels: int, dtype: torch.dtype
) -> Tensor:
    """A generator's input from label ids.

    Args:
        labels: [N, H, W] uint8 ids, contiguous; an id >= num_labels sets no channel.
        edge: [N, 1, H, W] uint8 instance edge, contiguous, or None.
        num_labels: Number of one-hot channels; the edge follows them.
        factor: Side of the tent filter's step (docs/reference/models.md, "Tent filter"), 1 for none; divides H and W.
        pad: Reflection padding of the result.
        channels: Channels of the result; those after labels and edge are zero.
        dtype: Type of the result.

    Returns:
        [N, channels, H/factor + 2 pad, W/factor + 2 pad], channels last.
    """
    count, height, width = labels.shape
    rows, columns = height // factor + 2 * pad, width // factor + 2 * pad
    image = _empty(count, channels, rows, columns, labels, dtype)
    _semantics[(count * rows, triton.cdiv(columns, 64))](
        labels, labels if edge is None else edge, image, height, width, LABELS=num_labels, EDGE=edge is not None,
        FACTOR=factor, PAD=pad, CHANNELS=channels, COLUMNS=64, PADDED=triton.next_power_of_2(channels),
    )  # fmt: skip
    return image


def instance_norm(
    image: Tensor,
    affine: tuple[Tensor, Tensor] | None = None,
    relu: bool = True,
    shortcut: Tensor | None = None,
    pad: int = 0,
    eps: float = 1e-5,
) -> Tensor:
    """Instance norm, scale and shift, ReLU, sum with a shortcut, reflection padding.

    Args:
        image: [N, C, H, W], float32 or bfloat16, at best channels last; moments are float32.
        affine: Scale and shift, each [C] float32, or None for 1 and 0.
        relu: Whether negative values become 0 (before the sum).
        shortcut: [N, C, H, W] with adjacent channels and pixels (possibly the inside of a padded tensor), or None.
        pad: Reflection padding of the result, less than H and W.
        eps: Added to the variance.

    Returns:
        [N, C, H + 2 pad, W + 2 pad], channels last, in the type of `image`.
    """
    image = image.contiguous(memory_format=torch.channels_last)
    count, channels, height, width = image.shape
    pixels = height * width
    span = max(64, triton.cdiv(triton.cdiv(pixels, PARTS), 64) * 64)
    parts = triton.cdiv(pixels, span)
    partial = torch.empty(2, count, parts, channels, dtype=torch.float32, device=image.device)
    moments = partial.new_empty(2, count, channels)
    result = _empty(count, channels, height + 2 * pad, width + 2 * pad, image, image.dtype)
    blocks = triton.cdiv(channels, 32)
    _moments[(count, parts, blocks)](image, *partial, pixels, channels, SPAN=span, ROWS=64, COLUMNS=32)
    _combine[(count, blocks)](*partial, *moments, pixels, channels, span, parts, eps, PARTS=PARTS, COLUMNS=32)
    scale, shift = affine or moments
    other = image if shortcut is None else shortcut
    _normalise[(triton.cdiv(result.shape[2] * result.shape[3], 64), count, blocks)](
        image, *moments, scale, shift, other, result, height, width, channels, other.stride(0), other.stride(2),
        AFFINE=affine is not None, RELU=relu, SHORTCUT=shortcut is not None, PAD=pad, ROWS=64, COLUMNS=32,
    )  # fmt: skip
    return result
