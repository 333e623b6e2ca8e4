"""Descriptors of the model and of its experiment, which hsbench reads without importing the model."""

from hsbench.descriptors import ExperimentDescriptor, ModelDescriptor

MODEL = ModelDescriptor(
    name="smoother",
    target="hsbench_smoother.model:Smoother",
    version=1,
    summary="averages of short blocks, interpolated",
    defaults={"width": 4},
    origin="hsbench-smoother",
)
EXPERIMENT = ExperimentDescriptor(
    name="smoothing",
    target="hsbench_smoother.experiment:smoothing",
    summary="the smoother beside a control",
    origin="hsbench-smoother",
)
