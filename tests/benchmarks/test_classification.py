"""What the classification benchmark compares with: files of the archive read right, and time warping by hand."""

import zipfile
from pathlib import Path

import numpy as np

from benchmarks.classification.series import find_sets, read_set
from benchmarks.classification.time_warping import nearest, warped_distances
from training.classification.examples import LabelledExamples

TRAIN = "# notes\n@problemName tiny\n@data\n1,2,3:4,?,6:yes\n7,8:9,10:no\n"


def test_files_of_the_archive(tmp_path: Path) -> None:
    """Channels are separated by colons, the label comes last; read otherwise, a label would be a value."""
    (tmp_path / "aeon/datasets/data/tiny").mkdir(parents=True)
    for part in ("TRAIN", "TEST"):
        (tmp_path / f"aeon/datasets/data/tiny/tiny_{part}.ts").write_text(TRAIN)
    wheel = tmp_path / "aeon-1.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in sorted((tmp_path / "aeon").rglob("*.ts")):
            archive.write(path, path.relative_to(tmp_path))
    for folder in (find_sets(tmp_path / "aeon/datasets/data"), find_sets(wheel)):
        examples = read_set(folder / "tiny", "tiny")
        assert examples.answers == ["yes", "no"] * 2 and examples.parts == ["train"] * 2 + ["test"] * 2
        np.testing.assert_array_equal(examples.inputs[0], [[1, 4], [2, np.nan], [3, 6]])


def test_time_warping_by_hand() -> None:
    """A baseline that is computed wrong flatters whatever is compared with it."""
    random = np.random.default_rng(0)
    one, others = random.normal(size=(6, 2)), [random.normal(size=(length, 2)) for length in (4, 6, 9)]

    def slow(ours: np.ndarray, theirs: np.ndarray) -> float:
        costs = np.full((len(ours) + 1, len(theirs) + 1), np.inf)
        costs[0, 0] = 0.0
        for i in range(len(ours)):
            for j in range(len(theirs)):
                before = min(costs[i, j], costs[i, j + 1], costs[i + 1, j])
                costs[i + 1, j + 1] = ((ours[i] - theirs[j]) ** 2).sum() + before
        return float(costs[-1, -1])

    np.testing.assert_allclose(warped_distances(one, others), [slow(one, other) for other in others])
    parts = ["train", "train", "train", "test"]
    examples = LabelledExamples([*others, others[1] + 0.01], ["a", "b", "c", "b"], ("x", "y"), parts)
    assert nearest(examples) == 1.0
