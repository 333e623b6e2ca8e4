"""Training batches: order of the passages, position of crops, augmentation, and shares of several processes."""

import hashlib

import numpy as np
import pytest
import torch

from hsbench.audio.passages import Passages, joined
from hsbench.errors import UsageError
from hsbench.fit import batches
from hsbench.fit.batches import Batches

CPU = torch.device("cpu")


def key(*words):
    return int.from_bytes(hashlib.sha256(repr(words).encode()).digest()[:8], "big") >> 1


def numbered(count=20, length=300):
    """Passages whose samples are 1000 n + position in passage n, so that a crop shows where it was cut."""
    return joined([np.arange(length, dtype=np.int16) + 1000 * n for n in range(count)])


def make(passages=None, batch=4, epoch_samples=20, **options):
    options = {"augment": False, **options}
    return Batches(passages or numbered(), 100, 22050, batch, epoch_samples, key, CPU, **options)


def origin(crops):
    """Passage and first sample of each crop, which was divided by its last sample; successive samples differed by 1."""
    step = crops[:, -1] - crops[:, -2]
    last = (1 / step).round().long()
    return last // 1000, last % 1000 - 99


def test_an_epoch_takes_every_passage_once_in_a_new_order():
    batches = make()
    assert batches.per_epoch == 5
    epochs = [torch.cat([origin(batches(step))[0] for step in range(5 * e, 5 * e + 5)]).tolist() for e in range(2)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(20))
    assert epochs[0] != epochs[1]


def test_an_epoch_longer_than_the_corpus_visits_passages_again():
    batches = make(numbered(3), batch=4, epoch_samples=8)
    seen = torch.cat([origin(batches(step))[0] for step in range(2)]).tolist()
    assert sorted(seen[:3]) == sorted(seen[3:6]) == [0, 1, 2]


@pytest.mark.parametrize("augment", [False, True])
def test_crops_that_the_device_cuts_are_the_same(augment):
    """Where the passages lie on a GPU, the places of crops are drawn and the GPU cuts them."""
    batches = make(augment=augment)
    for step in range(7):
        cut, keys, frequency = batches.drawn(step)
        places = batches._drawn(step, 1)[0][0]
        assert (cut.shape, places.shape) == ((4, 100), (4,))
        assert torch.equal(batches.crops(places, keys, frequency), batches(step))


@pytest.mark.parametrize("augment", [False, True])
def test_batches_drawn_for_several_steps_at_once_are_the_same(monkeypatch, augment):
    """Groups of three steps cross the borders of epochs of five, and any step can be the first."""
    plain, windows = make(augment=augment), [make().windows(step, 60) for step in range(12)]
    alone = [plain(step) for step in range(12)]
    monkeypatch.setitem(batches.AHEAD, "cpu", 3)
    together = make(augment=augment)
    for step in (7, *range(12)):
        assert torch.allclose(together(step), alone[step], rtol=1e-6, atol=1e-7)
        assert torch.equal(together.windows(step, 60), windows[step])


def test_a_short_last_batch_is_dropped():
    assert make(batch=8, epoch_samples=20).per_epoch == 2


def test_crops_begin_anywhere_in_a_passage():
    batches = make(numbered(1, 300), batch=64, epoch_samples=640)
    starts = torch.cat([origin(batches(step))[1] for step in range(10)])
    assert 0 <= starts.min() < 8
    assert 192 < starts.max() < 200


def test_a_batch_depends_only_on_its_step_number():
    again = make(augment=True)
    for step in (7, 0, 7, 3):
        assert torch.equal(make(augment=True)(step), again(step))
    assert not torch.equal(again(3), again(4))


def test_augmented_crops_have_peak_1_and_four_of_five_mangled_phases():
    passages = joined([(10000 * np.sin(np.arange(4000) * (0.01 + 0.02 * n))).astype(np.int16) for n in range(8)])
    plain = Batches(passages, 2000, 22050, 8, 800, key, CPU, augment=False)
    augmented = Batches(passages, 2000, 22050, 8, 800, key, CPU)
    changed = total = 0
    for step in range(40):
        x, y = plain(step), augmented(step)
        assert y.abs().amax(1).tolist() == pytest.approx([1.0] * 8)
        changed += int(((y - x).abs().amax(1) > 0.01).sum())
        total += 8
    assert 0.7 < changed / total < 0.9, "four of five phases are mangled"


def test_the_shares_of_two_processes_make_up_the_batch():
    whole = make(batch=4, augment=True)
    shares = [make(batch=4, augment=True, rank=rank, world=2) for rank in range(2)]
    for step in (0, 6):
        assert torch.equal(whole(step), torch.cat([share(step) for share in shares]))
        windows = [share.windows(step, 50) for share in shares]
        assert torch.equal(whole.windows(step, 50), torch.cat(windows))


def test_windows_lie_inside_the_crop_and_change_from_step_to_step():
    batches = make(batch=16, epoch_samples=160)
    firsts = torch.cat([batches.windows(step, 30)[:, 0] for step in range(10)])
    assert firsts.min() >= 0
    assert firsts.max() <= 70
    assert len(firsts.unique()) > 30
    assert batches.windows(0, 30).diff(dim=1).eq(1).all()
    assert batches.windows(0, None) is None
    assert batches.windows(0, 100) is None


def test_a_memory_mapped_corpus_is_not_copied(tmp_path):
    np.arange(3000, dtype=np.int16).tofile(tmp_path / "blocks")
    mapped = np.memmap(tmp_path / "blocks", np.int16, "c")
    passages = Passages(mapped, np.array([0, 1000]), np.array([1000, 500]))
    batches = Batches(passages, 100, 22050, 2, 4, key, CPU, augment=False)
    assert batches._flat.data_ptr() == mapped.ctypes.data
    assert batches(0).shape == (2, 100)


def test_settings_out_of_range_are_refused_in_a_sentence():
    with pytest.raises(UsageError, match="at least one batch of 30"):
        make(batch=30, epoch_samples=20)
    with pytest.raises(UsageError, match="a positive multiple of the number of processes, 3, got 4"):
        make(world=3)
    with pytest.raises(UsageError, match="passages of at least 100 samples"):
        make(numbered(2, 99))
