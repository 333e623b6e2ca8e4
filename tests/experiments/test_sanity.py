"""The experiment of the controls, as a user runs it."""

from hsbench.files import read_jsonl


def run(hsbench, row):
    process = hsbench("run", "sanity", "--budget", "smoke", "--limit", 2, "-k", f"row~{row}")
    assert process.returncode == 0, process.stdout + process.stderr
    (line,) = [line for line in process.stdout.splitlines() if line.startswith(f"| {row} ")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_identity_has_perfect_scores(hsbench):
    row = run(hsbench, "identity")
    assert row[1:3] == ["1.00", "2"]
    assert row[3].startswith("0 ")
    assert row[6].startswith("4.64 ")


def test_silence_has_an_empty_payload_and_neither_compression_ratio_nor_si_snr(hsbench):
    row = run(hsbench, "silence")
    assert row[1:3] == ["", "2"]
    assert row[5] == "- (0/2)"
    (cell,) = hsbench.cells("silence--*")
    reconstructions = list(read_jsonl(cell / "reconstructions.jsonl"))
    assert {(reconstruction["numbers"], reconstruction["bits"]) for reconstruction in reconstructions} == {(0, 0)}
    assert {reconstruction["status"] for reconstruction in reconstructions} == {"ok"}
