"""From the option names of the authors' code to ours; options of training and data are ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from pixelwise.errors import PixelwiseError

Options = Mapping[str, Any]
Clear = dict[str, Any]
_SPADE_NORMS = tuple(product(("spectral", ""), ("syncbatch", "batch", "instance"), (1, 3, 5, 7)))


def clear_options(name: str, options: Options) -> Clear:
    """Translate official options.

    Args:
        name: Model name.
        options: Options of the official command line, or constructor arguments; missing ones have the official
            defaults.

    Returns:
        Keyword options for `registry.build(name, ...)`.

    Raises:
        PixelwiseError: If the model is unknown, or an option asks for something that was never published.
    """
    translators: dict[str, Callable[[Options], Clear]] = {
        "asapnet": _asapnet,
        "pix2pixhd_global": _pix2pixhd_global,
        "pix2pixhd_local": _pix2pixhd_local,
        "spade_pix2pixhd": _spade_pix2pixhd,
        "spade": _spade,
        "multiscale_discriminator": _multiscale_discriminator,
        "pix2pixhd_discriminator": _pix2pixhd_discriminator,
        "dncnn": _dncnn,
    }
    if name.startswith("drn_d_"):
        return _drn(options)
    if name not in translators:
        raise PixelwiseError(f"model {name!r} has no official options; allowed are {', '.join(translators)}, drn_d_*")
    return translators[name](options)


def _only(options: Options, option: str, default: Any, allowed: tuple[Any, ...]) -> Any:
    """The value of an option, which must be one of `allowed`."""
    value = options.get(option, default)
    if value not in allowed:
        raise PixelwiseError(f"official option {option} {value!r}; allowed are {', '.join(map(repr, allowed))}")
    return value


def _semantics(options: Options) -> Clear:
    """Input channels: labels (and "don't care" where used), the instance edge or distance, or a dense image."""
    if "input_nc" in options and "label_nc" not in options:
        return {"dense_channels": options["input_nc"], "instance_edge": False}
    labels = options.get("label_nc", 35)
    if labels == 0:  # pix2pixHD: label maps are RGB images
        return {"dense_channels": options.get("input_nc", 3), "instance_edge": not options.get("no_instance", False)}
    channels = labels + bool(options.get("contain_dontcare_label", False))
    if "no_instance_edge" in options:
        edge = not (options["no_instance_edge"] and options.get("no_instance_dist", True))
    else:
        edge = not options.get("no_instance", False)
    if options.get("no_one_hot", False):
        return {"dense_channels": channels, "instance_edge": edge}
    return {"num_labels": channels, "instance_edge": edge}


def _asapnet(options: Options) -> Clear:
    """docs/reference/models.md, "ASAP-Net options"."""
    _only(options, "norm_G", "instanceaffine", ("instanceaffine",))
    tile = int(options.get("crop_size", 512) // (16 * options.get("aspect_ratio", 2.0)))
    code = _only(options, "hr_coor", "cosine", ("cosine", None, "None", "none"))
    return _semantics(options) | {
        "output_channels": options.get("output_nc", 3),
        "tile": tile,
        "learned_factor": options.get("learned_ds_factor", 16),
        "width": options.get("lr_width", 64),
        "max_width": options.get("lr_max_width", 1024),
        "depth": options.get("lr_depth", 7),
        "mlp_width": options.get("hr_width", 64),
        "mlp_depth": options.get("hr_depth", 5),
        "padding": "reflection" if options.get("reflection_pad", False) else "zero",
        "position_code": code == "cosine",
        "drop_last": bool(options.get("lr_instance", True)),
    }


def _pix2pixhd_global(options: Options) -> Clear:
    """The command line's names and the constructor's; docs/reference/models.md, "Global generator"."""
    _only(options, "norm", "instance", ("instance", "instance(affine=False)"))
    _only(options, "padding_type", "reflect", ("reflect",))
    return _semantics(options) | {
        "output_channels": options.get("output_nc", 3),
        "width": options.get("ngf", 64),
        "downsamplings": options.get("n_downsample_global", options.get("n_downsampling", 4)),
        "blocks": options.get("n_blocks_global", options.get("n_blocks", 9)),
    }


def _pix2pixhd_local(options: Options) -> Clear:
    """The 1024p recipe has ngf 32; docs/reference/models.md, "Local enhancer"."""
    return (
        {"width": 32}
        | _pix2pixhd_global({"ngf": 32} | dict(options))
        | {
            "enhancers": options.get("n_local_enhancers", 1),
            "local_blocks": options.get("n_blocks_local", 3),
        }
    )


def _spade_pix2pixhd(options: Options) -> Clear:
    """The default of norm_G is `instance`; docs/reference/models.md, "pix2pixHD in SPADE's repository"."""
    norm = _only(options, "norm_G", "instance", ("instance", "spectralinstance"))
    return _semantics(options) | {
        "output_channels": options.get("output_nc", 3),
        "width": options.get("ngf", 64),
        "downsamplings": options.get("resnet_n_downsample", 4),
        "blocks": options.get("resnet_n_blocks", 9),
        "kernel": options.get("resnet_kernel_size", 3),
        "first_kernel": options.get("resnet_initial_kernel_size", 7),
        "spectral": norm == "spectralinstance",
    }


def _spade(options: Options) -> Clear:
    """NVlabs/SPADE's command line; by default Cityscapes' options; the first grid follows from the image."""
    _only(options, "use_vae", False, (False,))
    norms = {f"{spectral}spade{norm}{k}x{k}": (bool(spectral), norm, k) for spectral, norm, k in _SPADE_NORMS}
    spectral, norm, kernel = norms[_only(options, "norm_G", "spectralspadesyncbatch3x3", tuple(norms))]
    return _semantics(options) | {
        "output_channels": options.get("output_nc", 3),
        "width": options.get("ngf", 64),
        "num_upsampling_layers": _only(options, "num_upsampling_layers", "more", ("normal", "more", "most")),
        "spectral": spectral,
        "norm": norm.removeprefix("sync"),
        "norm_kernel": kernel,
    }


def _multiscale_discriminator(options: Options) -> Clear:
    """Semantics and image together; docs/reference/models.md, "SPADE's discriminator"."""
    _only(options, "netD_subarch", "n_layer", ("n_layer",))
    norm = _only(options, "norm_D", "spectralinstance", ("spectralinstance", "instance"))
    semantics = _semantics(options)
    labels = semantics["dense_channels"] if "dense_channels" in semantics else semantics["num_labels"]
    return {
        "in_channels": labels + semantics["instance_edge"] + options.get("output_nc", 3),
        "scales": options.get("num_D", 2),
        "layers": options.get("n_layers_D", 4),
        "width": options.get("ndf", 64),
        "max_width": 512,
        "spectral": norm == "spectralinstance",
    }


def _pix2pixhd_discriminator(options: Options) -> Clear:
    """`input_nc` is the semantics and the image together; without it they follow from the labels.

    Source: docs/reference/models.md, "pix2pixHD's discriminator".
    """
    _only(options, "norm", "instance", ("instance", "instance(affine=False)"))
    if "input_nc" in options and "label_nc" not in options:
        channels = options["input_nc"]
    else:
        semantics = _semantics(options)
        labels = semantics["dense_channels"] if "dense_channels" in semantics else semantics["num_labels"]
        channels = labels + semantics["instance_edge"] + options.get("output_nc", 3)
    return {
        "in_channels": channels,
        "scales": options.get("num_D", 2),
        "layers": options.get("n_layers_D", 3),
        "width": options.get("ndf", 64),
        "max_width": 512,
        "sigmoid": bool(options.get("use_sigmoid", options.get("no_lsgan", False))),
    }


def _dncnn(options: Options) -> Clear:
    """SaoYan has `num_of_layers`, KAIR `nb` and `act_mode`; docs/reference/models.md, "DnCNN variants"."""
    if "num_of_layers" in options or "features" in options:
        return {
            "channels": options.get("channels", 1),
            "depth": options.get("num_of_layers", 17),
            "width": options.get("features", 64),
            "variant": "saoyan",
        }
    mode = _only(options, "act_mode", "BR", ("BR", "R"))
    channels = options.get("in_nc", 1)
    _only(options, "out_nc", channels, (channels,))
    return {
        "channels": channels,
        "depth": options.get("nb", 17),
        "width": options.get("nc", 64),
        "variant": "kair" if mode == "BR" else "merged",
    }


def _drn(options: Options) -> Clear:
    """docs/reference/models.md, "DRN network"."""
    clear: Clear = {"num_classes": options.get("num_classes", options.get("classes", 19))}
    if "channels" in options:
        clear["widths"] = tuple(options["channels"])
    return clear
