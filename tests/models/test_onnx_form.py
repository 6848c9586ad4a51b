"""The form for other runtimes makes of label ids what the network makes of planes."""

import pytest
import torch

from pixelwise.data.onehot import instance_edges, semantics
from pixelwise.evaluation import scopes
from pixelwise.models import random_weights, registry
from pixelwise.models.layers import SPECTRAL
from pixelwise.models.onnx_form import OnnxForm

SMALL = {"width": 8, "max_width": 32, "depth": 2}
GRAY = {"dense_channels": 1, "output_channels": 1, "instance_edge": False}
CASES = {
    "tiles of 16": ("asapnet", SMALL),
    "tent filter, reflection, no edge": (
        "asapnet",
        SMALL | {"tile": 32, "padding": "reflection", "instance_edge": False, "drop_last": True},
    ),
    "edge seen by every pixel": ("asapnet", SMALL | {"drop_last": False, "position_code": False}),
    "denoiser": ("asapnet", SMALL | GRAY | {"residual": True, "output": "linear"}),
    "spectral norms": ("spade_pix2pixhd", {"width": 4, "blocks": 1, "spectral": True}),
    "SPADE": ("spade", {"width": 2}),
    "DnCNN": ("dncnn", {"depth": 4, "width": 8}),
}


@pytest.mark.parametrize("case", CASES)
def test_it_makes_what_the_network_makes(case):
    name, options = CASES[case]
    module = random_weights.drawn(name, options)
    form = OnnxForm(module, registry.full_options(name, options))
    assert not any(isinstance(part, SPECTRAL) for part in form.modules())
    made = scopes.draw(2, (64, 128), 35, 1, 0)
    with torch.no_grad():
        if form.num_labels:
            planes = semantics(made.labels, made.instances if form.edge else None, 35)
            edges = (instance_edges(made.instances).to(torch.uint8),) if form.edge else ()
            found, wanted = form(made.labels, *edges), module(planes)
        else:
            found, wanted = form(made.images), module(made.images)
    assert form.names == (("image",) if not form.num_labels else ("labels", "edge")[: 1 + form.edge])
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-3)
    assert float(wanted.std()) > 1e-3 and float((found - wanted).abs().mean()) < 1e-5
