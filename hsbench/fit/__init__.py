"""The fitting harness: a loop over parameters and a step function. It knows no model."""
