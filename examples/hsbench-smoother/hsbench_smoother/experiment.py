"""An experiment with the smoother."""

from hsbench.spec import Experiment, Row, freeze


def smoothing():
    """Return the experiment: the smoother with three widths, and a control."""
    widths = [Row(f"width {width}", "smoother", freeze({"width": width})) for width in (2, 4, 8)]
    return Experiment(
        name="smoothing",
        title="Averages of short blocks",
        rows=(*widths, Row("identity", "identity")),
        metrics=("mse", "lsd", "si_snr"),
        clips=freeze({"smoke": 4, "quick": 16, "standard": 512, "paper": 512}),
    )
