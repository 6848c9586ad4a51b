"""The pixelwise stream's GPU kernel; `pixelwise_triton` launches it."""

from __future__ import annotations

try:
    import triton
    import triton.language as tl
except ImportError:  # wheels without Triton: macOS, Windows
    triton = None

if triton is not None:

    @triton.jit  # type: ignore[untyped-decorator]
    def _read(place: tl.tensor) -> tl.tensor:
        return tl.load(place).to(tl.float32)

    @triton.jit  # type: ignore[untyped-decorator]
    def _leaky_relu(x: tl.tensor) -> tl.tensor:
        return tl.where(x > 0, x, x * 0.01)  # pixelwise_stream.SLOPE

    @triton.jit  # type: ignore[untyped-decorator]
    def _product(
        x: tl.tensor, weight: tl.tensor, total: tl.tensor, PRECISION: tl.constexpr, EMULATE: tl.constexpr
    ) -> tl.tensor:
        """Total + x @ weight. EMULATE rounds to bfloat16 but multiplies in float32: the interpreter has no bfloat16."""
        if PRECISION != "bf16":
            total = tl.dot(x, weight, total, input_precision=PRECISION)
        elif EMULATE:
            total = tl.dot(x.to(tl.bfloat16).to(tl.float32), weight.to(tl.bfloat16).to(tl.float32), total)
        else:
            total = tl.dot(x.to(tl.bfloat16), weight.to(tl.bfloat16), total)
        return total

    @triton.jit  # type: ignore[untyped-decorator]
    def _stream(
        parameters: tl.tensor, stride: tl.tensor, labels: tl.tensor, dense: tl.tensor, position: tl.tensor,
        image: tl.tensor, width: tl.tensor, grid_width: tl.tensor, grid_tiles: tl.tensor,
        TILE: tl.constexpr, BLOCK: tl.constexpr, BLOCKS: tl.constexpr, LABELS: tl.constexpr, DENSE: tl.constexpr,
        CODE: tl.constexpr, CODE_PADDED: tl.constexpr, HIDDEN: tl.constexpr, MIDDLE: tl.constexpr,
        OUT: tl.constexpr, OUT_PADDED: tl.constexpr, TANH: tl.constexpr,
        PRECISION: tl.constexpr, EMULATE: tl.constexpr,
    ) -> None:  # fmt: skip
        """One program: BLOCKS blocks of BLOCK pixels of one tile; MIDDLE is the number of hidden-to-hidden layers."""
        tile = tl.program_id(0).to(tl.int64)
        sample, cell = tile // grid_tiles, tile % grid_tiles
        corner = (cell // grid_width) * TILE * width + (cell % grid_width) * TILE
        plane = grid_tiles * TILE * TILE

        # The weights, read once. `first` to `last`: the first layer's weight, the first middle layer, the last layer.
        units = tl.arange(0, HIDDEN)
        square = units[:, None] * HIDDEN + units[None, :]
        layer: tl.constexpr = HIDDEN + HIDDEN * HIDDEN
        bias0 = _read(parameters + tile * stride + units)
        first = parameters + tile * stride + HIDDEN
        second = first + (LABELS + DENSE + CODE) * HIDDEN
        last = second + MIDDLE * layer
        if CODE > 0:
            codes = tl.arange(0, CODE_PADDED)
            code_rows = first + (LABELS + DENSE + codes[:, None]) * HIDDEN + units[None, :]
            weight0 = tl.load(code_rows, mask=(codes < CODE)[:, None], other=0.0).to(tl.float32)
        if MIDDLE > 0:
            bias1, weight1 = _read(second + units), _read(second + HIDDEN + square)
        if MIDDLE > 1:
            bias2, weight2 = _read(second + layer + units), _read(second + layer + HIDDEN + square)
        if MIDDLE > 2:
            bias3, weight3 = _read(second + 2 * layer + units), _read(second + 2 * layer + HIDDEN + square)
        outputs = tl.arange(0, OUT_PADDED)
        kept = outputs < OUT
        bias4 = tl.load(last + outputs, mask=kept, other=0.0).to(tl.float32)
        rows4 = last + OUT + units[:, None] * OUT + outputs[None, :]
        weight4 = tl.load(rows4, mask=kept[None, :], other=0.0).to(tl.float32)

        zero = tl.zeros((BLOCK, HIDDEN), tl.float32)
        for block in range(BLOCKS):
            pixel = (tl.program_id(1) * BLOCKS + block) * BLOCK + tl.arange(0, BLOCK)
            place = corner + (pixel // TILE) * width + pixel % TILE
            total = zero + bias0[None, :]
            if LABELS > 0:
                label = tl.load(labels + sample * plane + place).to(tl.int32)[:, None]
                row = tl.load(first + label * HIDDEN + units[None, :], mask=label < LABELS, other=0.0)
                total += row.to(tl.float32)
            for channel in tl.static_range(DENSE):
                value = tl.load(dense + (sample * DENSE + channel) * plane + place)
                total += value[:, None] * _read(first + (LABELS + channel) * HIDDEN + units)[None, :]
            if CODE > 0:
                code = tl.load(position + pixel[:, None] * CODE_PADDED + codes[None, :])
                total = _product(code, weight0, total, PRECISION, EMULATE)
            hidden = _leaky_relu(total)
            if MIDDLE > 0:
                hidden = _leaky_relu(_product(hidden, weight1, zero + bias1[None, :], PRECISION, EMULATE))
            if MIDDLE > 1:
                hidden = _leaky_relu(_product(hidden, weight2, zero + bias2[None, :], PRECISION, EMULATE))
            if MIDDLE > 2:
                hidden = _leaky_relu(_product(hidden, weight3, zero + bias3[None, :], PRECISION, EMULATE))
            start = tl.zeros((BLOCK, OUT_PADDED), tl.float32) + bias4[None, :]
            out = _product(hidden, weight4, start, PRECISION, EMULATE)
            if TANH:
                out = 2 * tl.sigmoid(2 * out) - 1
            target = image + (sample * OUT + outputs[None, :]) * plane + place[:, None]
            tl.store(target, out, mask=kept[None, :])
