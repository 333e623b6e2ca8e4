"""The controls as a user runs them."""

from hsbench.files import read_jsonl


def run(hsbench, row):
    done = hsbench("run", "sanity", "--budget", "smoke", "--limit", 2, "-k", f"row~{row}")
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith(f"| {row} ")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_clip_itself_is_perfect(hsbench):
    row = run(hsbench, "identity")
    assert row[1:3] == ["1.000", "2"]
    assert row[3].startswith("0.00000 ")
    assert row[6].startswith("4.64 ")


def test_a_payload_of_nothing_leaves_the_ratio_empty_and_silence_has_no_value_of_a_ratio(hsbench):
    row = run(hsbench, "silence")
    assert row[1:3] == ["", "2"]
    assert row[5] == "- (0/2)"
    (cell,) = hsbench.cells("silence--*")
    assert {(one["numbers"], one["bits"]) for one in read_jsonl(cell / "reconstructions.jsonl")} == {(0, 0)}
    assert {one["status"] for one in read_jsonl(cell / "reconstructions.jsonl")} == {"ok"}
