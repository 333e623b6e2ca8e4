"""hsbench from Python: run a table, look at its numbers, fit an INR to a recording of your own.

Lines that begin with `# %%` start a cell: VS Code, PyCharm, Spyder and jupytext open this file as a notebook.
docs/notebook.md explains each step. The file needs matplotlib, which hsbench installs, and IPython for listening.
"""

# %% Run Table 2d at its smallest budget: two kinds of INR, each fitted to two clips of the demo corpus
import hsbench

study = hsbench.run("table2d", budget="smoke", limit=2)
study  # a notebook shows the table; so does print(study.to_markdown())

# %% All scores as a DataFrame: one row per clip and metric
frame = study.frame()
print(frame[["row", "clip", "metric", "value", "status"]])

# %% SI-SNR by row
import matplotlib.pyplot as plt

si_snr = frame[frame.metric == "si_snr"]
figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
for position, (_, scores) in enumerate(si_snr.groupby("row", sort=False)):
    axes.plot([position] * len(scores), scores.value, "o", alpha=0.6)
axes.set_xticks(range(si_snr.row.nunique()), si_snr.row.unique())
axes.set(ylabel="SI-SNR (dB)", title="Individual INRs, one point per clip", xlim=(-0.5, si_snr.row.nunique() - 0.5))
figure.savefig("si_snr.png", dpi=150)

# %% A recording of your own: any mono file as an array of floats; here, an utterance of the demo corpus
from pathlib import Path

import soundfile

path = Path(hsbench.__file__).parent / "corpora/data/demo/k03/k03_001.flac"
waveform, sample_rate = soundfile.read(path, dtype="float32")
waveform = waveform[:32768]

# %% Fit one INR to the recording; 300 steps are a demonstration, budget="quick" takes 1000 steps
inr = hsbench.fit_inr("inr-siren", waveform, sample_rate, steps=300)
print(inr)
print(hsbench.score(waveform, inr.waveform, sample_rate, metrics=["mse", "si_snr", "pesq"]))

# %% Listen to it
from IPython.display import Audio, display

display(Audio(waveform, rate=sample_rate), Audio(inr.waveform, rate=sample_rate))

# %% Save it, load it, and decode it at another sample rate: an INR is a function of time
inr.save("utterance.safetensors")
loaded = hsbench.load("utterance.safetensors")
display(Audio(loaded.play(sample_rate=44100), rate=44100))
