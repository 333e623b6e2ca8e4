"""The factor of generated parameters in the rule global_residual: its course, its effect, and its gradients."""

import pytest
import torch

from hsbench.errors import UsageError
from hsbench.fit.losses import MultiResolutionMelLoss
from hsbench.models.hypersound import ramp
from hsbench.models.hypersound.descriptors import BUDGETS
from hsbench.models.hypersound.step import TrainingStep


def test_the_factor_grows_linearly_from_0_to_1_and_stays_there():
    assert [ramp.factor(epoch, 50) for epoch in (0, 1, 25, 49, 50, 51, 2499)] == [0, 0.02, 0.5, 0.98, 1, 1, 1]
    assert [ramp.factor(epoch, 1) for epoch in (0, 1, 2)] == [0, 1, 1]
    assert [ramp.factor(epoch, 0) for epoch in (0, 1, 2)] == [1, 1, 1]


def test_the_ramp_is_a_fiftieth_of_all_epochs_unless_its_length_is_given():
    lengths = {name: ramp.length(training) for name, training in BUDGETS.items()}
    assert lengths == {"smoke": 1, "quick": 1, "standard": 3, "paper": 50}
    assert ramp.length({"epochs": 2500, "ramp_epochs": 7}) == 7
    assert ramp.length({"epochs": 2500, "ramp_epochs": 0}) == 0


@pytest.mark.parametrize("length", [-1, 2.5, True, "50"])
def test_a_length_that_is_no_number_of_epochs_is_refused_in_a_sentence(length):
    with pytest.raises(UsageError, match="ramp_epochs expects a whole number of epochs from 0, or none"):
        ramp.length({"epochs": 2500, "ramp_epochs": length})


def clips():
    return torch.randn(3, 2048, generator=torch.Generator().manual_seed(0))


def gradients(network, factor):
    """Gradients of one training step at a factor, by name of the parameter."""
    network.factor.fill_(factor)
    network.zero_grad(set_to_none=True)
    TrainingStep(network, MultiResolutionMelLoss(22050), (2, 700), 2, "fp32")(clips(), None, 0)
    return {name: parameter.grad for name, parameter in network.named_parameters()}


@pytest.mark.parametrize("kind", ["fmlp", "siren"])
def test_at_factor_0_only_the_shared_parameters_count_and_learn(small_network, kind):
    network = small_network(kind, "global_residual")
    for name, gradient in gradients(network, 0.0).items():
        assert bool(gradient.any()) == name.startswith("shared."), name
    params = network.parameters_of(network(clips()))
    for name, value in network.shared_parameters().items():
        assert torch.equal(params[name], value.expand(3, *value.shape)), name


def test_at_factor_1_the_rule_is_that_of_the_additive_paper_text(small_network):
    residual, additive = small_network("fmlp", "global_residual"), small_network("fmlp", "add")
    additive.load_state_dict({name: value for name, value in residual.state_dict().items() if name != "factor"})
    TrainingStep(additive, MultiResolutionMelLoss(22050), (2, 700), 2, "fp32")(clips(), None, 0)
    expected = {name: value.grad for name, value in additive.named_parameters()}
    for name, gradient in gradients(residual, 1.0).items():
        assert torch.equal(gradient, expected[name]), name


def test_the_factor_scales_generated_parameters(small_network):
    network = small_network("fmlp", "global_residual")
    vector, shared = network(clips()), network.shared_parameters()
    generated = network.hypernetwork.split(vector)
    network.factor.fill_(0.25)
    for name, value in network.parameters_of(vector).items():
        assert torch.allclose(value, shared[name] + generated[name] / 4, atol=1e-7), name


def test_the_factor_is_stored_with_the_network_and_only_where_there_is_one(small_network):
    network = small_network("fmlp", "global_residual")
    network.factor.fill_(0.5)
    other = small_network("fmlp", "global_residual", seed=1)
    other.load_state_dict(network.state_dict())
    assert other.factor == 0.5
    for way in ("replace", "add", "multiply", "biases_only"):
        assert "factor" not in small_network("fmlp", way).state_dict()
