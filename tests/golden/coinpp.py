"""Make coinpp.json: the losses of the first outer steps of a small COIN++, by plain PyTorch with autograd in float64.

    python tests/golden/coinpp.py > tests/golden/coinpp.json

Nothing of hsbench is used: the network, the inner loop, its second-order gradient (create_graph) and Adam are written
out. Data and initial parameters are integers of a linear congruential generator, so that both sides can draw them.
"""

import json

import torch

PATCHES, SAMPLES, LATENT, WIDTH, LAYERS, INNER, STEPS = 6, 32, 8, 10, 3, 3, 30
OMEGA, INNER_RATE, RATE = 30.0, 0.05, 2e-3


class Numbers:
    """Uniform numbers in [-1, 1): a linear congruential generator (Knuth's MMIX constants), upper 32 bits."""

    def __init__(self, seed):
        self.state = seed

    def draw(self, *shape, scale=1.0):
        count = torch.Size(shape).numel()
        values = []
        for _ in range(count):
            self.state = (6364136223846793005 * self.state + 1442695040888963407) % 2**64
            values.append(((self.state >> 32) / 2**31 - 1) * scale)
        return torch.tensor(values, dtype=torch.float64).reshape(shape)


def initial():
    """Return the initial parameters, by the names of the network of hsbench."""
    numbers = Numbers(1)
    later = (6 / WIDTH) ** 0.5 / OMEGA
    return {
        "siren.first": numbers.draw(WIDTH, 1),
        "siren.hidden": numbers.draw(LAYERS - 1, WIDTH, WIDTH, scale=later),
        "siren.biases": numbers.draw(LAYERS, WIDTH, scale=0.3),
        "siren.output": numbers.draw(1, WIDTH, scale=later),
        "siren.output_bias": numbers.draw(1, scale=0.1),
        "siren.modulation.weight": numbers.draw(LAYERS * WIDTH, LATENT, scale=LATENT**-0.5),
        "log_rates": torch.full((LATENT,), INNER_RATE, dtype=torch.float64).log(),
    }


def patches():
    """Return the patches of every step: [STEPS, PATCHES, SAMPLES], low-passed so that they can be learned."""
    noise = Numbers(2).draw(STEPS, PATCHES, SAMPLES + 8)
    return noise.unfold(2, 9, 1).mean(3)


def evaluate(p, latents):
    """Return y of every patch: [PATCHES, SAMPLES]."""
    shifts = (latents @ p["siren.modulation.weight"].t()).view(-1, LAYERS, WIDTH)
    h = torch.linspace(-5, 5, SAMPLES, dtype=torch.float64).expand(len(latents), 1, SAMPLES)
    matrices = [p["siren.first"], *p["siren.hidden"]]
    for layer, matrix in enumerate(matrices):
        h = torch.sin(OMEGA * (matrix @ h + (p["siren.biases"][layer] + shifts[:, layer])[:, :, None]))
    return (p["siren.output"] @ h).squeeze(1) + p["siren.output_bias"]


def losses():
    """Return the outer loss of every step."""
    p = {name: value.requires_grad_() for name, value in initial().items()}
    adam = torch.optim.Adam(p.values(), lr=RATE)
    values = []
    for targets in patches():
        latents = torch.zeros(PATCHES, LATENT, dtype=torch.float64, requires_grad=True)
        for _ in range(INNER):
            inner = (evaluate(p, latents) - targets).square().mean(1).sum()
            (gradient,) = torch.autograd.grad(inner, latents, create_graph=True)
            latents = latents - p["log_rates"].exp() * gradient
        loss = (evaluate(p, latents) - targets).square().mean().sqrt()
        adam.zero_grad()
        loss.backward()
        adam.step()
        values.append(round(loss.item(), 9))
    return values


if __name__ == "__main__":
    print(json.dumps({"made_by": "tests/golden/coinpp.py", "losses": losses()}, indent=1))
