"""What hsbench can know of the smoother without importing it."""

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
