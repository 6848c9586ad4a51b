"""What a model says of itself before its network is built: the words of the declarations in `architectures/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from pixelwise.settings.base import Settings

Task = Literal["translation", "denoising", "deblurring", "segmentation", "discriminator"]
Group = Literal["translation", "restoration", "segmentation"]
GROUPS: dict[str, Group] = {
    "translation": "translation",
    "denoising": "restoration",
    "deblurring": "restoration",
    "segmentation": "segmentation",
}
"""Task -> the kind of training that serves it."""
GENERAL = ("xavier", "normal", "pytorch")
"""Initialisations of any network: Xavier (gain 0.02), normal (deviation 0.02), what the layers' constructors draw."""
GENERATING: tuple[Task, ...] = ("translation", "denoising", "deblurring")
RESTORING: tuple[Task, ...] = ("denoising", "deblurring")

Channels = Annotated[int, Field(ge=1, le=1024, strict=True)]
"""Channels of an image or a label map; 1024 label ids would fill a gigabyte at 512x512."""
Width = Annotated[int, Field(ge=1, le=4096, strict=True)]
"""Channels of a layer; a 3x3 layer of this width holds 600 MB of weights."""
Depth = Annotated[int, Field(ge=1, le=200, strict=True)]
"""Layers or blocks; no published network of this kind has more than 105."""
Kernel = Annotated[int, Field(ge=1, le=31, strict=True)]
"""Side of a kernel in pixels."""
Classes = Annotated[int, Field(ge=1, le=255, strict=True)]
"""Classes of a segmenter; 255 stands for none."""


class Generator(Settings):
    """Options that all generators take; each may be left out, and the network's own default then holds.

    Attributes:
        num_labels: Number of one-hot label channels; unused if `dense_channels` is given.
        instance_edge: Whether the last input channel is the instance edge.
        dense_channels: Channels of a dense input that takes the place of the labels, e.g. 3 or 1.
        output_channels: Channels of the image made.
        width: Channels of its first layers; each network says which.
    """

    num_labels: Channels | None = None
    instance_edge: bool | None = Field(None, strict=True)
    dense_channels: Channels | None = None
    output_channels: Channels | None = None
    width: Width | None = None


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


Recipes = Mapping[Group, Mapping[str, Recipe]]
"""Kind of training -> name -> recipe; names are common to all models, so that one may be trained as another."""


@dataclass(frozen=True)
class Look:
    """How figures and tables show a model.

    Attributes:
        label: Its name for readers.
        colour: #RRGGBB.
        marker: Of its points, in Matplotlib's letters.
        shades: Colours that tell several entries of one model apart; the first is `colour`'s own.
        family: What the register calls it, if that is not the model's name; models of one family look alike.
    """

    label: str
    colour: str
    marker: str = "o"
    shades: tuple[str, ...] = ()
    family: str = ""


@dataclass(frozen=True)
class Model:
    """One model, declared above its network.

    What names a function is `function` of the file's own network part, or `module:function` of this package.

    Attributes:
        name: What params.yaml calls it (`architecture`).
        tasks: What it may be trained for.
        options: Ranges of its options. A method `least()` gives what height and width must be multiples of, and the
            least of them. Defaults stand in the constructor alone.
        network: Function or class that makes the network from its options.
        look: For figures; discriminators and segmenters stand in none.
        input: `labels` (one-hot label maps, or a dense image in their place) or `image`.
        recipes: Published recipes that are this model's.
        usual: Kind of training -> recipe where none is named; by default the first of `recipes`.
        initialisations: Schemes of its own, beside `GENERAL`, that `initialise` knows.
        initialise: (module, scheme): draws the weights by one of them.
        image_options: (channels) -> the options that make it a network from image to image; by default
            {"channels": channels}.
        guided: Whether its network takes a `guide`, which its low-res stream sees in place of the input.
        optimised: (module, engine) -> `fast.prepared.Prepared`, or None for a form that it does not know.
        published: (module) -> the same network computed as its authors published it, where the network of this
            package computes otherwise.
        official: Module of its authors' names, with `options` and `keys`, and for odd files `adapt` and
            `options_of_file`.
        facts: (name, size or None) -> facts to count, see `models.facts`.
        counted: Further published forms whose parameters are counted: name -> options.
        memory: Parameters in 10^6, and activations kept for the backward pass in GB for 10^6 pixels; for estimates.
        small: Options that make it small, for trials of the benchmark.
    """

    name: str
    tasks: tuple[Task, ...]
    options: type[Settings]
    network: str
    look: Look | None = None
    input: Literal["labels", "image"] = "image"
    recipes: Recipes = field(default_factory=dict)
    usual: Mapping[Group, str] = field(default_factory=dict)
    initialisations: tuple[str, ...] = ()
    initialise: str = "initialise"
    image_options: str = ""
    guided: bool = False
    optimised: str = ""
    published: str = ""
    official: str = ""
    facts: str = ""
    counted: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    memory: tuple[float, float] | None = None
    small: Mapping[str, Any] = field(default_factory=dict)

    def usual_recipe(self, group: Group) -> str | None:
        """The recipe that a training of this kind follows if it names none."""
        return self.usual.get(group) or next(iter(self.recipes.get(group, {})), None)
