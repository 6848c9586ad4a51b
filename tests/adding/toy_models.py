"""Two models as a newcomer would add them: one file each, nothing else touched."""

from __future__ import annotations

RIVAL = '''"""A toy generator."""

from __future__ import annotations

from pixelwise.models.declaration import Generator, Look, Model, Recipe


class Options(Generator):
    """Those of every generator."""


MODEL = Model(
    name="rival",
    tasks=("translation",),
    options=Options,
    network="Rival",
    input="labels",
    look=Look("Toy rival", "#12ab56", "P"),
    recipes={"translation": {"rival": Recipe("none published", {"batch": 2, "epochs_decay": 0}, 1)}},
    initialisations=("even",),
)

from torch import Tensor, nn

from pixelwise.models.layers import InputShape, input_channels


class Rival(nn.Module):
    """Two convolutions."""

    def __init__(
        self,
        num_labels: int = 35,
        instance_edge: bool = True,
        dense_channels: int | None = None,
        output_channels: int = 3,
        width: int = 8,
    ) -> None:
        super().__init__()
        self.legal = InputShape("rival", input_channels(num_labels, instance_edge, dense_channels))
        self.first = nn.Conv2d(self.legal.channels, width, 3, padding=1)
        self.last = nn.Conv2d(width, output_channels, 3, padding=1)

    def forward(self, semantics: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, output_channels, H, W]."""
        self.legal.check(semantics.shape)
        image: Tensor = self.last(self.first(semantics).relu()).tanh()
        return image


def initialise(module: Rival, scheme: str) -> None:
    """The scheme of its own."""
    nn.init.constant_(module.last.bias, 0.25)
'''

DENOISER = '''"""A toy denoiser."""

from __future__ import annotations

from pixelwise.models.declaration import RESTORING, Channels, Look, Model, Recipe
from pixelwise.settings.base import Settings


class Options(Settings):
    """Its colour channels."""

    channels: Channels | None = None


MODEL = Model(
    name="smoother",
    tasks=RESTORING,
    options=Options,
    network="Smoother",
    look=Look("Toy smoother", "#ab1256"),
    recipes={"restoration": {"smoother": Recipe("none published", {"initialisation": "pytorch"}, 100)}},
)

from torch import Tensor, nn


class Smoother(nn.Module):
    """One convolution, whose result is the noise."""

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 5, padding=2)

    def forward(self, noisy: Tensor) -> Tensor:
        """[N, channels, H, W] -> the same shape."""
        image: Tensor = noisy - self.conv(noisy)
        return image
'''

NARROW = {"width": 4, "max_width": 8, "depth": 1, "mlp_width": 8}
TRANSLATION = {"task": "translation", "dataset": "streets", "batch": 2, "presentations": 4, "perceptual": 0}
TRANSLATION |= {"discriminator_options": {"width": 4}}
DENOISING = {"task": "denoising", "dataset": "photos", "batch": 2, "steps": 3}
TIMED = {"warmup": 1, "calls": 3, "processes": 1, "modes": ["eager", "optimised"]}
CONFIG = {
    "profile": "toy",
    "environment": "any",
    "networks": {
        "asapnet": {"architecture": "asapnet", "options": NARROW},
        "newcomer": {"architecture": "rival"},
        "segmenter": {"architecture": "segmenter", "options": {"stages": 2, "width": 8}},
        "dncnn": {"architecture": "dncnn", "options": {"depth": 3, "width": 8}},
        "smoother": {"architecture": "smoother"},
    },
    "profiles": {
        "toy": {
            "title": "Two newcomers",
            "compute": {"device": "cpu", "threads": 1},
            "datasets": {
                "streets": {"kind": "streets", "height": 32, "width": 64, "train": 4, "val": 4},
                "photos": {"kind": "photos", "train": 2, "val": 1},
            },
            "train": {
                "asapnet": TRANSLATION | {"network": "asapnet"},
                "newcomer": TRANSLATION
                | {"network": "newcomer", "initialisation": "even", "discriminator_initialisation": "xavier"},
                "segmenter": {"task": "segmentation", "dataset": "streets", "network": "segmenter"}
                | {"batch": 2, "presentations": 4},
                "dncnn": DENOISING | {"network": "dncnn"},
                "smoother": DENOISING | {"network": "smoother"},
            },
            "inspect": {"sizes": [[256, 512]]},
            "figures": {"dpi": 50},
            "segment": {"segmenter": "segmenter", "protocols": ["native"], "resamples": 10},
            "restore": {"photos": {"dataset": "photos", "sigmas": [25], "limit": 1, "baselines": ["identity"]}},
            "time": {
                "translation": TIMED
                | {"task": "translation", "sizes": [[256, 512]], "trained": ["newcomer"], "against": "asapnet"},
                "denoising": TIMED | {"task": "denoising", "sizes": [[64, 64]], "trained": ["dncnn", "smoother"]},
            },
        }
    },
}
