"""Detection of a GPU without torch."""

from hsbench import device


def test_a_gpu_that_cuda_visible_devices_hides_is_not_reported(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert device.gpu_visible() is False
