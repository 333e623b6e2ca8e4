"""The fitting harness that all trained models share: optimisation loop, batches, losses, precision and checkpoints."""
