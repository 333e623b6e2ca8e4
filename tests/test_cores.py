"""Tasks in parallel on a CPU: their number, their threads, their results and their failures."""

import contextlib
import threading

import pytest
import torch

from hsbench import cores

CPU = torch.device("cpu")


def test_the_number_of_tasks_is_that_of_torchs_threads_and_one_on_a_gpu(threads):
    threads(3)
    assert cores.count(CPU) == 3
    assert cores.count(torch.device("cuda")) == 1


def test_tasks_run_in_parallel_with_one_torch_thread_each_and_give_results_in_order(threads):
    threads(3)
    all_started = threading.Barrier(3, timeout=20)

    def task(number):
        all_started.wait()
        return number, torch.get_num_threads(), threading.get_ident()

    for _ in range(2):
        numbers, torch_threads, thread_ids = zip(
            *cores.together([lambda number=number: task(number) for number in range(3)]), strict=True
        )
        assert numbers == (0, 1, 2)
        assert torch_threads == (1, 1, 1)
        assert len(set(thread_ids)) == 3
        assert torch.get_num_threads() == 3


def test_a_single_task_keeps_all_threads(threads):
    threads(3)
    assert cores.together([torch.get_num_threads]) == [3]


@pytest.mark.parametrize("broken", [0, 2])
def test_if_a_task_fails_the_others_run_to_their_end_and_the_number_of_threads_is_restored(threads, broken):
    threads(3)
    ended, failing = [], threading.Event()

    def task(number):
        if number == broken:
            failing.set()
            raise ValueError(f"task {number}")
        failing.wait(20)
        ended.append(number)

    with pytest.raises(ValueError, match=f"task {broken}"):
        cores.together([lambda number=number: task(number) for number in range(3)])
    assert sorted(ended) == sorted({0, 1, 2} - {broken})
    assert torch.get_num_threads() == 3


def test_the_number_of_threads_is_restored_after_an_exception(threads):
    threads(3)
    with contextlib.suppress(ValueError), cores.claimed() as before:
        assert (before, torch.get_num_threads()) == (3, 1)
        raise ValueError
    assert torch.get_num_threads() == 3


@pytest.mark.parametrize(("size", "workers", "lengths"), [(10, 3, [3, 3, 4]), (2, 4, [1, 1]), (5, 1, [5])])
def test_the_slices_cover_a_range_once(size, workers, lengths):
    slices = []
    cores.share(lambda part: slices.append(range(size)[part]), size, workers)
    assert sorted(map(len, slices)) == lengths
    assert sorted(number for part in slices for number in part) == list(range(size))


def test_denormal_numbers_are_zero_within_the_context_only():
    def half():
        return float(torch.tensor(2e-38) / 2)

    assert half() > 0
    with cores.denormals_flushed():
        assert half() == 0
        with cores.denormals_flushed():
            assert half() == 0
        assert half() == 0
    assert half() > 0
