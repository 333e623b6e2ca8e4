import contextlib
import threading

import pytest
import torch

from hsbench import cores

CPU = torch.device("cpu")


def test_as_many_tasks_as_torch_has_threads_and_one_on_a_gpu(threads):
    threads(3)
    assert cores.count(CPU) == 3
    assert cores.count(torch.device("cuda")) == 1


def test_tasks_run_at_the_same_time_with_one_torch_thread_each_and_answer_in_order(threads):
    threads(3)
    all_here = threading.Barrier(3, timeout=20)

    def task(number):
        all_here.wait()
        return number, torch.get_num_threads(), threading.get_ident()

    for _ in range(2):
        found = cores.together([lambda number=number: task(number) for number in range(3)])
        assert [one[:2] for one in found] == [(0, 1), (1, 1), (2, 1)]
        assert len({one[2] for one in found}) == 3
        assert torch.get_num_threads() == 3


def test_a_single_task_keeps_all_threads(threads):
    threads(3)
    assert cores.together([torch.get_num_threads]) == [3]


@pytest.mark.parametrize("broken", [0, 2])
def test_a_task_that_fails_leaves_no_other_running_and_the_threads_as_they_were(threads, broken):
    threads(3)
    ended, go = [], threading.Event()

    def task(number):
        if number == broken:
            go.set()
            raise ValueError(f"task {number}")
        go.wait(20)
        ended.append(number)

    with pytest.raises(ValueError, match=f"task {broken}"):
        cores.together([lambda number=number: task(number) for number in range(3)])
    assert sorted(ended) == sorted({0, 1, 2} - {broken})
    assert torch.get_num_threads() == 3


def test_claimed_threads_are_given_back(threads):
    threads(3)
    with contextlib.suppress(ValueError), cores.claimed() as hands:
        assert (hands, torch.get_num_threads()) == (3, 1)
        raise ValueError
    assert torch.get_num_threads() == 3


@pytest.mark.parametrize(("size", "hands", "shares"), [(10, 3, [3, 3, 4]), (2, 4, [1, 1]), (5, 1, [5])])
def test_a_range_is_shared_without_gap(size, hands, shares):
    seen = []
    cores.share(lambda part: seen.append(range(size)[part]), size, hands)
    assert sorted(map(len, seen)) == shares
    assert sorted(number for part in seen for number in part) == list(range(size))
