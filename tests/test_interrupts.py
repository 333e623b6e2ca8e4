"""Interrupts while C code calls Python: none is lost, and none changes what the C code computes."""

import io
import os
import signal
import threading

import numpy as np
import pytest

from hsbench.audio import memory
from hsbench.audio.io import flac_bytes, wav_bytes
from hsbench.interrupts import deferred
from hsbench.models import codecs

FILE = io.BytesIO
SOUND = (0.4 * np.sin(np.arange(8000) / 9)).astype(np.float32)


@pytest.fixture(autouse=True)
def terminable():
    """Let SIGTERM raise KeyboardInterrupt, as it does in the worker processes of cells."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in handlers:
        signal.signal(number, signal.default_int_handler)
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def interrupted_file(number, place):
    """Return a class of files in memory; the process gets a signal in the call of a number of one of its objects."""

    class Interrupted(FILE):
        calls = 0

        def _count(self):
            type(self).calls += 1
            if self.calls == place:
                os.kill(os.getpid(), number)

        def write(self, data):
            self._count()
            return super().write(data)

        def seek(self, *where):
            self._count()
            return super().seek(*where)

        def tell(self):
            self._count()
            return super().tell()

        def read(self, size=-1):
            self._count()
            return super().read(size)

        def readinto(self, buffer):
            self._count()
            return super().readinto(buffer)

    return Interrupted


CODED = flac_bytes(SOUND, 22050)
IN_MEMORY = {
    "wav": lambda: wav_bytes(SOUND, 22050),
    "flac": lambda: flac_bytes(SOUND, 22050),
    "decode": lambda: memory.decode(CODED),
    "av encode": lambda: codecs._encode(SOUND, 22050, "libmp3lame", "fltp", "mp3", 32),
    "av decode": lambda: codecs._decode(CODED),
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", IN_MEMORY)
def test_an_interrupt_in_a_callback_is_raised_after_the_whole_file(name, number, monkeypatch):
    if name.startswith("av"):
        pytest.importorskip("av")
    counting = interrupted_file(number, None)
    monkeypatch.setattr(io, "BytesIO", counting)
    IN_MEMORY[name]()
    assert counting.calls >= 2
    for place in range(1, counting.calls + 1):
        interrupted = interrupted_file(number, place)
        monkeypatch.setattr(io, "BytesIO", interrupted)
        with pytest.raises(KeyboardInterrupt):
            IN_MEMORY[name]()
        assert interrupted.calls == counting.calls


def test_the_handlers_are_those_from_before_and_errors_pass():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError), deferred():
        raise ZeroDivisionError
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_signal_that_is_not_handled_by_python_is_left_alone(monkeypatch):
    monkeypatch.setattr(signal, "getsignal", lambda number: None)
    monkeypatch.setattr(signal, "signal", None)
    with deferred():
        pass


def test_other_threads_than_the_main_one_change_no_handler():
    handlers = []

    def work():
        with deferred():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]
