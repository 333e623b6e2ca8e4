"""`--eager` is a resource: it reaches the worker in the job file and leaves the cells as they are."""

from hsbench.planning.job import Job
from hsbench.planning.plan import make
from hsbench.planning.request import Request
from hsbench.planning.resources import resources_of
from hsbench.planning.selection import select
from hsbench.results.store import Results


def planned(folder, *, eager):
    selections = select(Request(("smoke",), eager=eager))
    resources = resources_of(selections)
    (first, *_) = cells = make(selections, Results(folder), resources).cells
    return [planned.cell.key for planned in cells], first.job(resources, (), ())


def test_eager_is_in_the_job_and_not_in_the_key(tmp_path):
    keys, job = planned(tmp_path, eager=False)
    others, eager_job = planned(tmp_path, eager=True)
    assert keys == others
    assert (job.eager, eager_job.eager) == (False, True)
    assert "eager" not in job.document()
    for number, each in enumerate((job, eager_job)):
        each.write(tmp_path / f"{number}.json")
        assert Job.read(tmp_path / f"{number}.json") == each
