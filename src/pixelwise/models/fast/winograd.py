"""3x3 convolutions by Winograd's minimal filtering F(2x2, 3x3): 16 instead of 36 products per 2x2 outputs.

A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016), section 4.1:
Y = A^T [(G g G^T) * (B^T d B)] A. Rounding errors stay of the order of a direct float32 convolution's.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.fast.products import linear

LEAST_CHANNELS = 256  # below that the transforms cost more than they save
G = ((1.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.0, 0.0, 1.0))


def worthwhile(conv: nn.Conv2d) -> bool:
    """Whether a convolution has a form (3x3, stride 1) and width for which the algorithm pays."""
    plain = conv.kernel_size == (3, 3) and conv.stride == (1, 1) and conv.dilation == (1, 1) and conv.groups == 1
    return plain and min(conv.in_channels, conv.out_channels) >= LEAST_CHANNELS


class Convolution:
    """A prepared 3x3 convolution of stride 1.

    Args:
        weight: [out, in, 3, 3] float32.
        zeros: Zero padding, 0 or 1.
    """

    def __init__(self, weight: Tensor, zeros: int) -> None:
        g = torch.tensor(G, dtype=torch.float64)
        transformed = torch.kron(g, g) @ weight.double().flatten(2).flatten(0, 1).T  # [16, out * in]
        self.weight = transformed.view(16, *weight.shape[:2]).to(weight.dtype)
        self.zeros = zeros

    def __call__(self, image: Tensor) -> Tensor:
        """[N, in, H, W] -> [N, out, H - 2 + 2 zeros, W - 2 + 2 zeros]."""
        count, _, height, width = image.shape
        image = image.contiguous()
        height, width = height - 2 + 2 * self.zeros, width - 2 + 2 * self.zeros
        bottom, right = height % 2, width % 2
        if self.zeros or bottom or right:
            image = F.pad(image, (self.zeros, self.zeros + right, self.zeros, self.zeros + bottom))
        rows, columns = (height + bottom) // 2, (width + right) // 2
        patches = transform(image, rows, columns)
        products = [linear(weight, part.T) for weight, part in zip(self.weight, patches, strict=True)]
        result = assemble([product.view(-1, count, rows, columns) for product in products])
        return result[..., :height, :width].transpose(0, 1).contiguous()


def transform(image: Tensor, rows: int, columns: int) -> Tensor:
    """B^T d B of all 4x4 patches at distance 2: [N, C, 2 rows + 2, 2 columns + 2] -> [16, C, N rows columns]."""
    image = image.transpose(0, 1)
    d = [image[..., i : i + 2 * rows : 2, :] for i in range(4)]
    lines = (d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3])
    out = image.new_empty(16, *image.shape[:2], rows, columns)
    for i, line in enumerate(lines):
        e = [line[..., j : j + 2 * columns : 2] for j in range(4)]
        torch.sub(e[0], e[2], out=out[4 * i])
        torch.add(e[1], e[2], out=out[4 * i + 1])
        torch.sub(e[2], e[1], out=out[4 * i + 2])
        torch.sub(e[1], e[3], out=out[4 * i + 3])
    return out.view(16, image.shape[0], -1)


def assemble(m: Sequence[Tensor]) -> Tensor:
    """A^T m A: 16 of [out, N, rows, columns] -> [out, N, 2 rows, 2 columns]."""
    channels, count, rows, columns = m[0].shape
    out = m[0].new_empty(channels, count, rows, 2, columns, 2)
    for i, (a, b, c) in enumerate(((m[0:4], m[4:8], m[8:12]), (m[4:8], m[8:12], m[12:16]))):
        line = [x + y + z if i == 0 else x - y - z for x, y, z in zip(a, b, c, strict=True)]
        torch.add(line[1] + line[2], line[0], out=out[..., i, :, 0])
        torch.sub(line[1] - line[2], line[3], out=out[..., i, :, 1])
    return out.flatten(4, 5).flatten(2, 3)
