"""What the latent benchmark measures with: sections of known facies, areas, units of work."""

from __future__ import annotations

from pathlib import Path

import latent
import latent_parts
import numpy as np
import pytest
from latent_sections import N_TIMES, N_TRACES, NAMES, facies_section
from sklearn.decomposition import PCA

from geoml.prediction.codes import PatchCoder
from geoml.samples.code_scaling import CodeScaling


def test_made_section_holds_every_facies_and_no_amplitude_tells_them_apart() -> None:
    levels: dict[int, list[float]] = {kind: [] for kind in range(len(NAMES))}
    for seed in range(6):
        section, truth = facies_section(np.random.default_rng(seed))
        assert section.shape == truth.shape == (N_TRACES, N_TIMES)
        for kind in np.unique(truth):
            levels[int(kind)].append(float(np.sqrt(np.mean(section[truth == kind] ** 2))))
    assert all(levels.values())
    # All but the faint one overlap.
    assert max(min(levels[kind]) for kind in range(4)) < min(max(levels[k]) for k in range(4))


def test_same_seed_makes_the_same_section() -> None:
    first, second = (facies_section(np.random.default_rng(3))[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_areas_leave_out_traces_that_were_bad_before() -> None:
    where = np.array([True, False, False, False])
    bad = np.array([False, False, False, True])
    rows = {"dead": [({"score": np.array([2.0, 1.0, 0.0, np.inf])}, where, bad)]}
    assert latent_parts._areas(rows) == {"dead/score": 1.0, "all/score": 1.0}


def test_every_unit_has_a_file_of_its_own() -> None:
    jobs = latent.units(latent.PARTS, 3, 1.0)
    names = {latent.name_of(job) for job in jobs}
    assert len(names) == len(jobs) == 3 * (len(latent.PARTS) + len(latent.CODES) + 2)


def test_finished_unit_is_read_and_not_measured_again(tmp_path: Path) -> None:
    unit = ("no_such_part", 0, {"minutes": 1.0})
    (tmp_path / f"{latent.name_of(unit)}.json").write_text('{"r2": 0.5}')
    assert latent.measured(unit, tmp_path) == {"r2": 0.5}


def test_features_of_a_section_are_rows_of_the_same_points() -> None:
    section, truth = facies_section(np.random.default_rng(0))
    pca = PCA(4).fit(np.random.default_rng(0).normal(size=(20, 512)))
    coder = PatchCoder(latent_parts._Raw(), latent_parts.PATCH, CodeScaling(), None)
    features = latent_parts._features(section, coder, pca)
    count = truth[:: latent_parts._STEP[0], :: latent_parts._STEP[1]].size
    assert {part.shape[0] for part in features.values()} == {count}
    assert features["attributes"].shape[1] == 3
    assert features["PCA of the patch"].shape[1] == 4


@pytest.mark.parametrize("part", latent.PARTS)
def test_every_part_is_there(part: str) -> None:
    assert callable(getattr(latent_parts, part))
