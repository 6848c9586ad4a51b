"""The archives that hold the photographs of denoising papers, and which of BSDS500's are test photographs.

BSDS500's 68 test photographs are those of its `val` folder whose luma is one of the gray BSD68 images (at most one
level off); the 432 others (200 `train`, 200 `test`, 32 `val`) are for training.
"""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.sources import Source

BSDS500 = Source(
    url="https://github.com/BIDS/BSDS500/archive/a04b7c6c3a9f0ace74bf205c72a43d32e1c72722.zip",
    licence="non-commercial research and education (Berkeley Segmentation Dataset)",
    manifest="bsds500.csv",
    manifest_sha256="0d873d469cda2478672e6cf922847efb35686dbcfdffde1d6cf8637ed67f976c",
    top="BSDS500-a04b7c6c3a9f0ace74bf205c72a43d32e1c72722/",
)
DNCNN = Source(
    url="https://github.com/cszn/DnCNN/archive/e93b27812d3ff523a3a79d19e5e50d233d7a8d0a.zip",
    licence="no licence file; photographs of BSDS500: non-commercial research and education",
    manifest="dncnn.csv",
    manifest_sha256="320ac1f289bc2a38357e78314627d1839313ec2dce89fd95447598e3a6c306d3",
    top="DnCNN-e93b27812d3ff523a3a79d19e5e50d233d7a8d0a/",
)
CITATION = "Martin et al., A database of human segmented natural images, ICCV 2001"
PUBLISHED_BY = "Zhang et al., Beyond a Gaussian denoiser, IEEE Transactions on Image Processing 2017"
IMAGES = Path("BSDS500", "data", "images")
# fmt: off
TEST_IDS = frozenset({
    3096, 12084, 14037, 16077, 19021, 21077, 24077, 33039, 101085, 101087, 102061, 103070, 105025, 106024,
    108005, 108070, 108082, 109053, 119082, 123074, 126007, 130026, 134035, 143090, 145086, 147091, 148026,
    148089, 157055, 159008, 160068, 163085, 167062, 167083, 170057, 175032, 175043, 182053, 189080, 196073,
    197017, 208001, 210088, 216081, 219090, 220075, 223061, 227092, 229036, 236037, 241004, 241048, 253027,
    253055, 260058, 271035, 285079, 291000, 295087, 296007, 296059, 299086, 300091, 302008, 304034, 304074,
    306005, 351093,
})
# fmt: on


def is_test(path: Path) -> bool:
    """Whether a photograph of BSDS500 is one of the 68 test photographs."""
    return int(path.stem) in TEST_IDS
