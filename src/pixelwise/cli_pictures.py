"""The commands that apply a trained network to pictures of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelwise.cli_options import PICTURES, Force
from pixelwise.terminal.screen import show


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (translate, denoise, convert, export):
        app.command(rich_help_panel=PICTURES)(command)


def translate(
    labels: Annotated[
        Path, typer.Argument(metavar="LABELMAP", help="Picture with one label id per pixel, or a folder of them.")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The picture to write, or the folder for them.")],
    checkpoint: Annotated[
        Path, typer.Option(metavar="FILE", help="Weights of a generator that this program trained or converted.")
    ],
    instances: Annotated[
        Path | None, typer.Option(metavar="MAP", help="Picture with one id per object, or a folder of them.")
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(metavar="HxW", help="Height and width to make, in pixels. Without it, those of the training."),
    ] = None,
    force: Force = False,
) -> None:
    """Turn label maps of any size into pictures."""
    from pixelwise.evaluation.apply.translate import translate as translated

    translated(labels, out, checkpoint, instances, size, force=force)


def denoise(
    image: Annotated[
        Path,
        typer.Argument(metavar="IN", help="The noisy picture: any size, gray or colour, 8 or 16 bit. Or a folder."),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The picture to write, or the folder for them.")],
    checkpoint: Annotated[
        Path, typer.Option(metavar="FILE", help="Weights of a denoiser that this program trained or converted.")
    ],
    sigma: Annotated[
        float | None,
        typer.Option(metavar="SIGMA", help="Standard deviation of the noise in IN, on the scale from 0 to 255."),
    ] = None,
    force: Force = False,
) -> None:
    """Remove noise from pictures."""
    from pixelwise.evaluation.apply.denoise import denoise as denoised

    denoised(image, out, checkpoint, sigma, force)


def convert(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Weights as their authors released them.")],
    model: Annotated[str, typer.Option(metavar="NAME", help="The architecture of the weights, such as asapnet.")],
    out: Annotated[Path | None, typer.Option(metavar="OUT", help="The file to write. Without it, beside FILE.")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="An option of the architecture. May be given several times."),
    ] = None,
    force: Force = False,
) -> None:
    """Convert released weights into the format that translate and denoise read."""
    from pixelwise.models.official.convert import convert as converted

    show(converted(file, model, out or file.with_suffix(".safetensors"), option or [], force))


def export(
    out: Annotated[Path, typer.Argument(metavar="MODEL.onnx", help="The file to write.")],
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Weights that this program trained or converted.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="In place of FILE: an architecture with random weights.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="An option of the architecture. May be given several times."),
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="HxW", help="The only height and width that the file takes. Without it, any.")
    ] = None,
    force: Force = False,
) -> None:
    """Write a network as an ONNX file for other runtimes, compared with the network itself."""
    from pixelwise.evaluation.onnx_export import export as exported

    for line in exported(out, checkpoint, model, option or [], size, force):
        show(line)
