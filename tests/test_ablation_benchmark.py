"""The ablation: its rows are settings that work, and its table compares like with like."""

from __future__ import annotations

from dataclasses import asdict

import ablation
import pytest

from geoml.models import SectionShape, build_model
from geoml.registry import build, with_options
from geoml.samples import Augmentation
from geoml.tasks import TASKS
from geoml.training.stream_options import StreamOptions

SHAPE = SectionShape(6, 250, 70, 70, 70)


def setting(row: str) -> dict:
    """Everything that a run of the row is made of."""
    change = ablation.ROWS[row]
    task = build(TASKS, change.get("task", ablation.TASK), "task")
    model = {**ablation.MODEL, **change.get("model", {})}
    config = build_model("mh_unet_s", SHAPE, task.heads, model).config
    options = asdict(ablation.training_options(row, ablation.Budget(5.0, None), 0))
    with_options(Augmentation, options["augmentation"], "augmentation")
    if options["stream"] is not None:
        with_options(StreamOptions, options["stream"], "stream")
    return {"task": task, "model": config, **options}


@pytest.mark.parametrize("row", ablation.ROWS)
def test_row_changes_one_thing_of_the_reference(row: str) -> None:
    reference, changed = setting(ablation.REFERENCE), setting(row)
    other = {name for name in reference if reference[name] != changed[name]}
    if "task" in other:
        other.discard("model")  # its heads follow from the task
    assert len(other) == (0 if row == ablation.REFERENCE else 1), other


def test_heads_of_the_claim_are_one_two_and_three() -> None:
    heads = [len(setting(f"heads_{n}")["task"].heads) for n in (1, 2, 3)]
    assert heads == [1, 2, 3]


def result(row: str, seed: int, mae: float) -> dict:
    return {"row": row, "seed": seed, "mae_m_s": mae, "boundary_m_s": 2 * mae, "ssim": 0.9}


def test_differences_are_taken_seed_by_seed(capsys: pytest.CaptureFixture[str]) -> None:
    # Seeds differ by far more than rows do.
    results = [result("heads_2", seed, 100.0 + 50 * seed) for seed in (0, 1, 2)]
    results += [result("heads_1", seed, 103.0 + 50 * seed + seed) for seed in (0, 1, 2)]
    results += [result("heads_3", 0, 110.0)]
    ablation.print_table(results)
    out = capsys.readouterr().out
    claim = next(line for line in out.splitlines() if line.startswith("heads_2 against heads_1"))
    assert "smaller MAE in 3 of 3 seeds" in claim
    assert "+4.000 (+3.000..+5.000) m/s" in claim
    assert "heads_3 against heads_2: smaller MAE in 0 of 1 seeds, by -10.0 m/s" in out
    assert "150.0 (100.0..200.0)" in out


def test_what_a_row_does_not_have_is_a_dash(capsys: pytest.CaptureFixture[str]) -> None:
    ablation.print_table([result("heads_3", 0, 90.0)])
    line = next(ln for ln in capsys.readouterr().out.splitlines() if ln.startswith("heads_3"))
    assert line.split() == ["heads_3", "1", "90.0", "180.0", "0.900", "-", "-", "-", "-", "-"]


def test_equal_passes_leave_out_the_clock() -> None:
    budget = ablation.Budget(None, 3)
    options = ablation.training_options("heads_1", budget, 0)
    assert (options.max_epochs, options.max_cpu_minutes) == (3, None)
    assert budget.key == {"passes": 3}


def test_fresh_pairs_have_no_passes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["ablation.py", "--passes", "2", "--rows", "stream"])
    with pytest.raises(SystemExit) as stopped:
        ablation.main()
    assert stopped.value.code == 2
    assert "give --minutes" in capsys.readouterr().err
