"""Published training recipes by name: what differs from the defaults of the settings, and where each one stands.

The defaults of `AdversarialSettings` are ASAP-Net's recipe, those of `DenoisingSettings` DnCNN-S's, those of
`SegmentationSettings` DRN-D-22's. A recipe names only what it changes: it reads as the difference between two papers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """One published way to train.

    Attributes:
        source: Repository file or paper section it was read from.
        values: Settings that differ from the defaults of the settings class.
        amount: Published amount of training, in the unit of `short`: epochs for translation and segmentation,
            training patches presented for restoration; of a recipe of our own, what it asks for. None where open.
        gaps: What no setting reproduces: (name, published, here). They are listed with the deviations.
    """

    source: str
    values: Mapping[str, Any] = field(default_factory=dict)
    amount: float | None = None
    gaps: tuple[tuple[str, str, str], ...] = ()


_PIX2PIXHD: dict[str, Any] = {
    "discriminator": "pix2pixhd_discriminator",
    "gan_loss": "least_squares",
    "procedure": "pix2pixhd",
    "ttur": False,
    "betas": (0.5, 0.999),
    "epochs_constant": 100,
    "epochs_decay": 100,
    "batch": 1,
    "initialisation": "normal",
}

_SPADE: dict[str, Any] = {"batch": 16, "initialisation": "official"}

TRANSLATION = {
    "asapnet": Recipe(
        "tamarott/ASAPNet @f27f202: options/, data/cityscapes_dataset.py, models/pix2pix_model.py", {}, 300
    ),
    "spade_pix2pixhd": Recipe(
        "NVlabs/SPADE @fecacc9, netG=pix2pixhd: options/train_options.py, data/cityscapes_dataset.py",
        {"batch": 16, "epochs_constant": 50, "epochs_decay": 0},
        50,
    ),
    "spade": Recipe(
        "arXiv 1903.07291 section 4 (Cityscapes: 200 epochs, the rate falling to 0 from epoch 100 to 200); "
        "NVlabs/SPADE @fecacc9 for all else: options/train_options.py, data/cityscapes_dataset.py, whose own default "
        "is 50 epochs without decay (recipe spade_code)",
        _SPADE | {"epochs_constant": 100, "epochs_decay": 100},
        200,
    ),
    "spade_code": Recipe(
        "NVlabs/SPADE @fecacc9, netG=spade: options/train_options.py (niter 50, niter_decay 0), "
        "data/cityscapes_dataset.py",
        _SPADE | {"epochs_constant": 50, "epochs_decay": 0},
        50,
    ),
    "pix2pixhd": Recipe("NVIDIA/pix2pixHD @14b3b3c: options/, models/pix2pixHD_model.py", _PIX2PIXHD, 200),
    "pix2pixhd_1024": Recipe(
        "NVIDIA/pix2pixHD @14b3b3c: scripts/train_1024p_24G.sh",
        _PIX2PIXHD
        | {
            "epochs_constant": 50,
            "epochs_decay": 50,
            "epochs_enhancer_only": 10,
            "discriminator_options": {"scales": 3},
        },
        100,
        (("initial weights", "global generator trained at half the size", "random"),),
    ),
    "report_asapnet": Recipe(
        "MelakuNe/Machine-Learning-Project-2023 @93f60fd: ASAPNet/ (ASAP-Net's defaults, batch 32 changed to 8)",
        {"batch": 8},
        300,
    ),
    "report_pix2pixhd": Recipe(
        "MelakuNe/Machine-Learning-Project-2023 @93f60fd: Pix2Pix/ (SPADE's defaults: 50 epochs, no decay)",
        {"batch": 16, "epochs_constant": 50, "epochs_decay": 0},
        50,
    ),
}

_MATLAB = (
    ("shrinking", "MATLAB's imresize", "Pillow's bicubic filter"),
    ("moments of batch norm", "of sub-batches of 64", "of the batch"),
)
_IMAGENET = (("initial weights", "ImageNet", "random"),)

RESTORATION = {
    "dncnn_s": Recipe(
        "cszn/DnCNN @e93b278: TrainingCodes/DnCNN_TrainingCodes_v1.1; arXiv 1608.03981 section IV-A",
        {},
        50 * 128 * 1600,
        _MATLAB,
    ),
    "dncnn_b": Recipe(
        "arXiv 1608.03981 section IV-A (patches 50, sigma in [0, 55]); cszn/DnCNN @e93b278 for all else",
        {"sigma": (0.0, 55.0), "patch": 50},
        50 * 128 * 3000,
        _MATLAB,
    ),
    "cdncnn_b": Recipe(
        "arXiv 1608.03981 section IV-A (432 colour images, patches 50); cszn/DnCNN @e93b278 for all else",
        {"sigma": (0.0, 55.0), "patch": 50},
        50 * 128 * 6000,
        _MATLAB,
    ),
    "dncnn_saoyan": Recipe(
        "SaoYan/DnCNN-PyTorch @6b08049: train.py, dataset.py (DnCNN-S)",
        {"scales_cumulative": False, "augment": "none", "epochs_per_rate": (29, 21), "initialisation": "saoyan"},
    ),
    "dncnn_kair": Recipe(
        "cszn/KAIR @fc1732f: options/train_dncnn.json",
        {
            "scales": (1.0,),
            "stride": 1,
            "augment": "patch",
            "batch": 64,
            "learning_rate": 1e-4,
            "epochs_per_rate": (1, 1, 1, 1, 1),
            "rate_factor": 0.5,
            "steps": 1_000_000,
            "loss": "l1",
            "initialisation": "kair",
        },
        64 * 1_000_000,
        (("batch norm", "folded into the convolutions after 400,000 steps", "kept"),),
    ),
    "report_asapnet": Recipe(
        "MelakuNe/Machine-Learning-Project-2023 @93f60fd: Denoising.py (generator step of ASAP-Net's trainer alone)",
        {
            "patch": 256,
            "stride": 256,
            "scales": (1.0,),
            "augment": "none",
            "batch": 8,
            "learning_rate": 1e-4,
            "betas": (0.0, 0.9),
            "epochs_per_rate": (50,),
            "loss": "perceptual",
            "initialisation": "xavier",
        },
        50 * 432,
    ),
    "asapnet_like_dncnn": Recipe(
        "none published; DnCNN-S's photographs, steps and pixels per step (8 patches of 160x160 = 128 of 40x40): "
        "nearly whole photographs, since the instance norms learn the statistics of the grid of tiles; Adam at 1e-4, "
        "for the generator overshoots at DnCNN's 1e-3",
        {
            "patch": 160,
            "scales": (1.0, 0.9),
            "batch": 8,
            "learning_rate": 1e-4,
            "initialisation": "xavier",
            "loss": "l2",
        },
        50 * 8 * 1600,
    ),
}

SEGMENTATION = {
    "drn_d_22": Recipe("fyu/drn @d75db2e: README.md and segment.py, D-22", {}, 250, _IMAGENET),
    "drn_d_105": Recipe(
        "fyu/drn @d75db2e: README.md and segment.py, D-105",
        {
            "crop": 840,
            "batch": 16,
            "epochs": 500,
            "schedule": "poly",
            "zoom": (0.5, 2.0),
            "rotation": 10.0,
        },
        500,
        _IMAGENET,
    ),
    "segmenter": Recipe(
        "none published; a small torchvision network for classes that no published segmenter knows",
        {"crop": None, "batch": 8, "epochs": 60, "learning_rate": 0.02, "schedule": "poly", "zoom": (0.75, 1.5)},
        60,
    ),
}
