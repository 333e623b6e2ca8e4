"""One training step: parity with the reference code, and the same gradients however the work is divided."""

import math

import pytest
import torch

from hsbench.errors import UnknownNameError
from hsbench.fit.losses import MultiResolutionMelLoss
from hsbench.models.hypersound.step import TrainingStep
from hsbench.models.targets import create


def losses():
    """Return the training loss, and a list to which it appends its two parts: absolute error and spectral loss."""
    spectral, recorded = MultiResolutionMelLoss(22050), []

    def loss(reference, estimate, epoch):
        parts = (reference - estimate).abs().mean(), spectral(reference, estimate, epoch)
        recorded.append([part.item() for part in parts])
        return sum(parts)

    return loss, recorded


def norm(parameters):
    return math.sqrt(sum(parameter.grad.double().square().sum().item() for parameter in parameters))


@pytest.mark.parametrize("name", ["fmlp_h26", "siren_30_30_h26"])
def test_parity_of_a_whole_step_with_the_reference(golden_training, golden_speech, golden_steps, name):
    network, expected, (loss, parts) = golden_steps[name](), golden_training[f"step/{name}"], losses()
    step = TrainingStep(network, loss, tile=(2, 1024), micro=1, policy="fp32")
    total = step(golden_speech, None, 0)
    assert parts[0] == pytest.approx([expected["loss_time"], expected["loss_stft"]], rel=1e-4)
    assert total.item() == pytest.approx(expected["loss_time"] + expected["loss_stft"], rel=1e-4)
    assert norm(network.encoder.parameters()) == pytest.approx(expected["grad_norm_encoder"], rel=1e-3)
    assert norm(network.hypernetwork.parameters()) == pytest.approx(expected["grad_norm_hypernetwork"], rel=1e-3)
    assert norm([network.encoder.layers[0].conv.weight]) == pytest.approx(expected["grad_norm_first_conv"], rel=1e-3)
    assert norm([network.hypernetwork.head.weight]) == pytest.approx(expected["grad_norm_head"], rel=1e-3)
    with torch.no_grad():
        vector = network(golden_speech)
        y = step.reconstruct(golden_speech)
    assert vector.sum(1).tolist() == pytest.approx(expected["generated_sum"], rel=1e-4)
    assert vector.square().sum(1).tolist() == pytest.approx(expected["generated_l2"], rel=1e-4)
    assert y.square().sum(1).tolist() == pytest.approx(expected["y_l2"], rel=1e-4)
    for item in range(2):
        assert y[item, :3].tolist() == pytest.approx(expected["y_first3"][item], rel=1e-3)


def gradients(network, step, x, chosen=None):
    network.zero_grad(set_to_none=True)
    loss = step(x, chosen, 250)
    return loss.item(), {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(
    ("way", "shared"),
    [("replace", 0), ("replace", 2), ("add", 0), ("multiply", 0), ("biases_only", 0), ("global_residual", 0)],
)
@pytest.mark.parametrize("kind", ["fmlp", "siren"])
def test_tiles_micro_batches_and_cores_give_the_plain_gradient(small_network, threads, kind, way, shared):
    """The root of the spectral loss is over the whole batch, and dividing the work does not change it."""
    network = small_network(kind, way, shared, **({"omega_0": 40.0} if kind == "siren" else {})).double()
    if network.factor is not None:
        network.factor.fill_(0.3)
    x = torch.randn(4, 2048, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x *= torch.tensor([[0.1], [0.2], [0.5], [1.0]])
    loss = MultiResolutionMelLoss(22050, 0.5)
    network.zero_grad()
    plain = loss(x, network.net.apply(network.parameters_of(network(x)), _time(2048, torch.float64)), 250)
    plain.backward()
    expected = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
    cases = ((1, (4, 4096), 4), (1, (4, 300), 4), (2, (3, 300), 1), (3, (1, 2048), 3), (8, (4, 4096), 1))
    for number, tile, micro in cases:
        threads(number)
        value, gradient = gradients(network, TrainingStep(network, loss, tile, micro, "fp32"), x)
        assert value == pytest.approx(plain.item(), rel=1e-9)
        assert gradient.keys() == expected.keys()
        for name, plain_gradient in expected.items():
            error = (gradient[name] - plain_gradient).norm()
            assert error <= 1e-8 * plain_gradient.norm() + 1e-14, (number, tile, micro, name)


def test_a_step_on_windows_has_the_loss_of_their_samples(small_network):
    network, loss = small_network(), MultiResolutionMelLoss(22050)
    x = torch.randn(2, 2048, generator=torch.Generator().manual_seed(0))
    chosen = torch.tensor([[100], [700]]) + torch.arange(1200)
    value, _ = gradients(network, TrainingStep(network, loss, (1, 500), 2, "fp32"), x, chosen)
    with torch.no_grad():
        y = network.net.apply(network.parameters_of(network(x)), _time(2048))
    assert value == pytest.approx(loss(x.gather(1, chosen), y.gather(1, chosen), 250).item(), rel=1e-5)


def test_bf16_keeps_weights_and_gradients_in_float32_and_stays_near_fp32(small_network):
    network = small_network("siren", omega_0=2000.0)
    x = torch.randn(2, 2048, generator=torch.Generator().manual_seed(0))
    loss = MultiResolutionMelLoss(22050)
    loss_fp32, gradients_fp32 = gradients(network, TrainingStep(network, loss, (2, 512), 2, "fp32"), x)
    loss_bf16, gradients_bf16 = gradients(network, TrainingStep(network, loss, (2, 512), 2, "bf16"), x)
    assert loss_fp32 != loss_bf16
    assert loss_bf16 == pytest.approx(loss_fp32, rel=0.02)
    assert {value.dtype for value in gradients_bf16.values()} == {torch.float32}
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    head = "hypernetwork.head.weight"
    assert (gradients_bf16[head] - gradients_fp32[head]).norm() < 0.2 * gradients_fp32[head].norm()


@pytest.mark.parametrize("kind", ["fmlp", "siren"])
def test_tf32_in_stages_has_the_gradients_of_one_backward_pass(small_network, kind):
    """The pass through the loss, the target network and the hypernetwork is cut in three; a CPU has no TF32."""
    x, loss = torch.randn(2, 2048, generator=torch.Generator().manual_seed(0)), MultiResolutionMelLoss(22050)
    network = small_network(kind)
    value, gradient = gradients(network, TrainingStep(network, loss, (2, 2048), 2, "fp32"), x)
    value_tf32, gradient_tf32 = gradients(network, TrainingStep(network, loss, (2, 2048), 2, "tf32"), x)
    assert value_tf32 == value
    for name, expected in gradient.items():
        assert torch.allclose(gradient_tf32[name], expected, rtol=1e-6, atol=1e-9), name


def test_bf16_does_not_round_the_phases_of_the_first_layer():
    """Phases rounded to bfloat16 would bound the signal-to-noise ratio at 1 dB."""
    net = create("siren", [16, 16], omega_0=2000.0, omega_i=1.0)
    params = {name: value[None] for name, value in net.draw(torch.Generator().manual_seed(0)).items()}
    exact = net.apply(params, _time(32768))
    with torch.autocast("cpu", torch.bfloat16):
        rounded = net.apply(params, _time(32768)).float()
    assert 10 * torch.log10(exact.square().sum() / (exact - rounded).square().sum()) > 35


def _time(samples, dtype=torch.float32):
    return torch.linspace(-1, 1, samples, dtype=dtype).view(1, -1, 1)


def test_an_unknown_precision_is_refused_in_a_sentence(small_network):
    step = TrainingStep(small_network(), MultiResolutionMelLoss(22050), (2, 512), 2, "fp16")
    with pytest.raises(UnknownNameError, match="did you mean 'bf16'"):
        step(torch.randn(2, 2048), None, 0)
