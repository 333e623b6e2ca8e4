"""Which devices are there."""

from hsbench import device


def test_a_hidden_gpu_is_not_seen(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert device.gpu_visible() is False
