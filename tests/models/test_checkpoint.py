"""Our checkpoint format: the same bytes for the same values, strict in both directions, independent of its file."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from pixelwise.errors import PixelwiseError
from pixelwise.models import build, checkpoint

CASES = {
    "asapnet": {"width": 4, "max_width": 8, "mlp_width": 8, "depth": 1},
    "multiscale_discriminator": {"width": 4},
    "spade_pix2pixhd": {"width": 2, "spectral": True},
    "dncnn": {"width": 4, "depth": 5, "variant": "kair"},
    "drn_d_22": {"widths": [4] * 8, "num_classes": 3},
    "segmenter": {"stages": 2, "width": 8},
}


@torch.no_grad()
@pytest.mark.parametrize("name", CASES)
def test_round_trip(name, tmp_path):
    module = build(name, **CASES[name])
    for buffer in module.buffers():
        if buffer.is_floating_point():
            buffer.add_(0.01)
    path, again = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    checkpoint.save(path, module, name, CASES[name], {"seed": 3})
    loaded, info = checkpoint.load(path)
    assert not loaded.training and info == {"format": 1, "name": name, "options": CASES[name], "extra": {"seed": 3}}
    assert all(
        torch.equal(a, b) for a, b in zip(module.state_dict().values(), loaded.state_dict().values(), strict=True)
    )
    checkpoint.save(again, loaded, name, info["options"], info["extra"])
    assert path.read_bytes() == again.read_bytes()
    path.write_bytes(b"")  # the loaded weights do not depend on the file any more
    channels = next(p for p in module.parameters() if p.dim() == 4).shape[1]
    image = torch.rand(1, channels, 64, 64)
    found, wanted = loaded(image), module.eval()(image)
    for a, b in zip(flat(found), flat(wanted), strict=True):
        assert torch.equal(a, b)


def flat(result):
    return [result] if torch.is_tensor(result) else [tensor for part in result for tensor in flat(part)]


def test_strict(tmp_path):
    module = build("dncnn", width=4, depth=4)
    path = tmp_path / "model.safetensors"
    checkpoint.save(path, module, "dncnn", {"width": 4, "depth": 4})
    meta = {"pixelwise": json.dumps({"format": 1, "name": "dncnn", "options": {"width": 4, "depth": 4}, "extra": {}})}
    tensors = load_file(path)
    for change, message in (
        (lambda t: t.pop("norms.1.bias"), r"norms\.1\.bias is missing"),
        (lambda t: t.update({"norms.9.bias": torch.zeros(4)}), r"norms\.9\.bias is left over"),
        (lambda t: t.update({"convs.1.weight": torch.zeros(4, 4, 1, 1)}), r"convs\.1\.weight is \(4, 4, 1, 1\)"),
    ):
        changed = dict(tensors)
        change(changed)
        save_file(changed, path, meta)
        with pytest.raises(PixelwiseError, match=message):
            checkpoint.load(path)
    save_file(tensors, path)
    with pytest.raises(PixelwiseError, match="not a checkpoint of this program"):
        checkpoint.load(path)
    path.write_bytes(b"nonsense")
    with pytest.raises(PixelwiseError, match="not a checkpoint of this program"):
        checkpoint.load(path)
    with pytest.raises(PixelwiseError, match="no such file"):
        checkpoint.load(tmp_path / "none.safetensors")
