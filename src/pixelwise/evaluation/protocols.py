"""Protocols of restoration: which images, how degraded, what is scored. The name and hash stand beside every number."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from pixelwise.evaluation.metrics.restoration.ssim import SSIM_SETTINGS
from pixelwise.record import protocol_hash

SAME_NOISE = (
    "numpy RandomState(0).normal(0, sigma/255, shape) anew for each image, added in [0, 1], not clipped or rounded"
)
OWN_NOISE = SAME_NOISE.replace("RandomState(0)", "RandomState(number of the image, from 0)")


@dataclass(frozen=True)
class Protocol:
    """Everything that decides a number.

    Attributes:
        name: Name in settings and tables.
        task: What is restored.
        kinds: Kinds of data set whose split `val` it may be measured on.
        channels: 1 gray, 3 colour.
        count: Number of images; a number from fewer replicates nothing.
        images: Digest of the images, `pixels:` or, where decoders may differ, `names:`; None if they are not fixed.
        sigmas: Noise levels on the 0-255 scale, where the settings name none.
        size: Height and width to which images are squashed, losing their aspect ratio; None leaves them as they are.
        degradation: `noise`; `motion_blur`, kernels of `evaluation_noise` chosen by the image's number, then
            noise; `given`, the blurred partner in the data, then noise.
        source: Where it was published or used.
        noise: Rule of the noise: the published one, in which all images of one size get the same noise, or seeds of
            their own, which average to the theoretical strength.
        resize: Filter used where `size` is given.
        outputs: `psnr` and `ssim` are of the output as computed, the others of the rounded and clipped one.
        psnr: Definition of the peak signal-to-noise ratio.
        ssim: Settings of scikit-image's structural_similarity.
    """

    name: str
    task: Literal["denoising", "deblurring"]
    kinds: tuple[str, ...]
    channels: Literal[1, 3]
    count: int
    sigmas: tuple[float, ...]
    source: str
    images: str | None = None
    size: tuple[int, int] | None = None
    degradation: Literal["noise", "motion_blur", "given"] = "noise"
    noise: str = OWN_NOISE
    resize: str = (
        "bilinear between the four nearest pixels, no low-pass (OpenCV INTER_LINEAR), after conversion to gray"
    )
    outputs: str = "psnr, ssim: float output, unclipped; psnr_8bit, ssim_8bit: rounded to 0..255 and clipped"
    psnr: str = (
        "10 log10(1 / mean squared error) over all pixels and channels, peak 1, no border left out; mean over images"
    )
    ssim: tuple[tuple[str, Any], ...] = tuple(sorted(SSIM_SETTINGS.items()))

    def seed(self, index: int) -> int:
        """Seed of the noise of image number `index`."""
        return 0 if self.noise == SAME_NOISE else index

    @property
    def hash(self) -> str:
        """Twelve digits that change whenever anything above does."""
        return protocol_hash(asdict(self))


LEVELS = (15.0, 25.0, 50.0)
BERKELEY = "names:34621deebc3a"  # the ids of the 68 test photographs of BSDS500
PHOTOS = "pixels:e7dcd3dbfad0"  # the validation crops of `pixelwise.data.installed_photographs`
PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            name="bsd68",
            task="denoising",
            kinds=("bsd68",),
            channels=1,
            count=68,
            sigmas=LEVELS,
            source="cszn/DnCNN testsets/BSD68; cszn/KAIR main_test_dncnn.py",
            images="pixels:d99f721bd444",
            noise=SAME_NOISE,
        ),
        Protocol(
            name="bsd68-independent",
            task="denoising",
            kinds=("bsd68",),
            channels=1,
            count=68,
            sigmas=LEVELS,
            source="bsd68 with noise of its own for each image, so that the mean over images is that of the noise",
            images="pixels:d99f721bd444",
        ),
        Protocol(
            name="set12",
            task="denoising",
            kinds=("set12",),
            channels=1,
            count=12,
            sigmas=LEVELS,
            source="cszn/DnCNN testsets/Set12",
            images="pixels:72f13536292b",
            noise=SAME_NOISE,
        ),
        Protocol(
            name="cbsd68",
            task="denoising",
            kinds=("cbsd68",),
            channels=3,
            count=68,
            sigmas=LEVELS,
            source="the photographs of BSD68 in colour, from BSDS500",
            images=BERKELEY,
            noise=SAME_NOISE,
        ),
        Protocol(
            name="report-256",
            task="denoising",
            kinds=("bsds500",),
            channels=1,
            count=68,
            sigmas=LEVELS,
            source="the student report's Denoising.py; only the seed of the noise is ours",
            images=BERKELEY,
            size=(256, 256),
        ),
        Protocol(
            name="photos",
            task="denoising",
            kinds=("photos",),
            channels=1,
            count=5,
            sigmas=LEVELS,
            source="photographs inside scikit-image; no publication",
            images=PHOTOS,
        ),
        Protocol(
            name="motion-blur",
            task="deblurring",
            kinds=("bsds500",),
            channels=1,
            count=68,
            sigmas=(2.55,),
            source="synthetic straight motion blur; no publication",
            images=BERKELEY,
            degradation="motion_blur",
        ),
        Protocol(
            name="photos-blur",
            task="deblurring",
            kinds=("photos",),
            channels=1,
            count=5,
            sigmas=(2.55,),
            source="as motion-blur, on photographs inside scikit-image",
            images=PHOTOS,
            degradation="motion_blur",
        ),
        Protocol(
            name="gopro",
            task="deblurring",
            kinds=("gopro",),
            channels=3,
            count=1111,
            sigmas=(0.0,),
            source="GoPro test set of Nah et al. 2017, blurred by averaging frames",
            degradation="given",
        ),
    )
}
