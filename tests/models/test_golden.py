"""Every golden file of the official implementations, through official options and official names."""

import torch

from pixelwise.models.asapnet_direct import DirectAsapNet
from pixelwise.models.official.official_checkpoints import from_options, load_official
from tests.models.golden_case import close

GENERATORS = {
    "asapnet": ["cityscapes", "facades512", "facades1024", "gray_denoise", "variant_ds8"],
    "pix2pixhd_global": [""],
    "pix2pixhd_local": [""],
    "spade_pix2pixhd": ["instance", "spectralinstance"],
}
CASES = [(name, f"{name}_{case}".rstrip("_")) for name, cases in GENERATORS.items() for case in cases]


def pytest_generate_tests(metafunc):
    if "generator" in metafunc.fixturenames:
        metafunc.parametrize(("generator", "file"), CASES, ids=[file for _, file in CASES])


@torch.no_grad()
def test_generator(generator, file, read_golden):
    case = read_golden(file)
    module = load_official(from_options(generator, case.options), case.below("param/"))
    close(module(case.semantics()), case.tensors["output/image"], 5e-4, 2e-5)
    if "nparams" in case.config:
        assert sum(p.numel() for p in module.parameters()) == case.config["nparams"]
    if generator == "asapnet":
        close(DirectAsapNet(module)(case.semantics()), case.tensors["output/image"], 5e-4, 2e-5)
        close(module.parameter_grid(case.semantics()).permute(0, 3, 1, 2), case.tensors["output/lr_params"], 5e-4, 2e-5)
        assert list(module.form.widths) == case.config["mlp_channels"] and module.tile == case.config["S_total"]
    if "output/lowres_input" in case.tensors:
        close(module.lowres_input(case.semantics()), case.tensors["output/lowres_input"], 1e-6, 1e-7)
    if "output/instance_edge" in case.tensors:
        assert torch.equal(case.semantics()[:, -1:], case.tensors["output/instance_edge"])
    if "output/global_features" in case.tensors:
        smaller = torch.nn.functional.avg_pool2d(case.semantics(), 3, 2, 1, count_include_pad=False)
        close(smaller, case.tensors["output/downsampled_input_ch0_40"], 1e-6, 1e-7)
        close(module.trunk(smaller), case.tensors["output/global_features"], 1e-4, 2e-5)


@torch.no_grad()
def test_multiscale_discriminator(read_golden):
    case = read_golden("multiscale_discriminator")
    module = load_official(from_options("multiscale_discriminator", case.options), case.below("param/"))
    assert sum(p.numel() for p in module.parameters()) == case.config["nparams"]
    pairs = [torch.cat([case.semantics(), case.tensors[f"input/{which}"]], 1) for which in ("fake", "real")]
    results = module(torch.cat(pairs))
    for scale, features in enumerate(results):
        assert len(features) == 5
        for index, feature in enumerate(features):
            close(feature, case.tensors[f"output/scale{scale}_feat{index}"], 1e-4, 1e-5)
    results = module.train()(torch.cat(pairs))
    for scale, features in enumerate(results):
        close(features[-1], case.tensors[f"output/train_mode_scale{scale}_pred"], 1e-4, 1e-5)
    wanted = case.below("output/after_train_forward/")
    state = module.state_dict()
    close(state["scales.0.layers.1.weight_u"], wanted["discriminator_0.model1.0.0.weight_u"], 1e-6, 1e-6)
    close(state["scales.0.layers.1.weight_v"], wanted["discriminator_0.model1.0.0.weight_v"], 1e-6, 1e-6)
    close(state["scales.1.layers.3.weight_u"], wanted["discriminator_1.model3.0.0.weight_u"], 1e-6, 1e-6)


def test_multiscale_discriminator_gradients(read_golden):
    """Gradients of D's hinge loss through the spectral norm, [fake, real] (docs/reference/models.md, "Losses")."""
    case = read_golden("multiscale_discriminator")
    module = load_official(from_options("multiscale_discriminator", case.options), case.below("param/"))
    pairs = [torch.cat([case.semantics(), case.tensors[f"input/{which}"]], 1) for which in ("fake", "real")]
    loss = torch.zeros(())
    for features in module(torch.cat(pairs)):
        fake, real = features[-1].chunk(2)
        loss = loss + (torch.relu(1 + fake).mean() + torch.relu(1 - real).mean()) / len(module.scales)
    assert abs(loss.item() / case.config["losses"]["hinge"]["D_total"] - 1) < 1e-5
    loss.backward()
    wanted = case.below("output/grad_D_total/")
    close(module.scales[0].layers[0].weight.grad, wanted["discriminator_0.model0.0.weight"], 1e-5, 1e-6)
    close(module.scales[1].layers[2].weight_orig.grad, wanted["discriminator_1.model2.0.0.weight_orig"], 1e-5, 1e-6)
    close(module.scales[1].layers[4].bias.grad, wanted["discriminator_1.model4.0.bias"], 1e-5, 1e-6)


@torch.no_grad()
def test_pix2pixhd_discriminator(read_golden):
    case = read_golden("pix2pixhd_discriminator")
    module = load_official(from_options("pix2pixhd_discriminator", case.options), case.below("param/"))
    assert sum(p.numel() for p in module.parameters()) == case.config["nparams"]
    for which in ("fake", "real"):
        for scale, features in enumerate(module(torch.cat([case.semantics(), case.tensors[f"input/{which}"]], 1))):
            for index, feature in enumerate(features):
                close(feature, case.tensors[f"output/{which}_scale{scale}_feat{index}"], 1e-4, 1e-5)
