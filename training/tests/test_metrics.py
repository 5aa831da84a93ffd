import numpy as np
import pytest

from osteograph_training.metrics import acutance, dice


def test_acutance_is_the_platforms_and_tells_blur_from_detail() -> None:
    rows, columns = np.mgrid[:16, :16]
    real = (7 * rows + 3 * columns) ** 2 % 11 / 11
    blurred = (np.roll(real, 1, axis=1) + real + np.roll(real, -1, axis=1)) / 3
    # What src/metrics/acutance.ts gives for the same two images.
    assert acutance(real, blurred) == pytest.approx(0.6758761999214519, abs=1e-12)
    assert acutance(real, real) == pytest.approx(1)
    assert acutance(real, 0.5 * real) == pytest.approx(0.5)
    assert np.isnan(acutance(np.ones((16, 16)), real))


def test_acutance_of_a_slice_that_is_no_square_is_that_of_its_middle() -> None:
    stream = np.random.default_rng(3)
    wide = stream.random((16, 20))
    assert acutance(wide, 0.5 * wide) == pytest.approx(0.5)
    assert acutance(wide, wide + np.pad(np.zeros((16, 16)), ((0, 0), (2, 2)), constant_values=9)) == pytest.approx(1)


def test_dice_counts_what_two_masks_share() -> None:
    first, second = np.array([True, True, False, False]), np.array([True, False, True, False])
    assert dice(first, second) == 0.5
    assert dice(first, ~first) == 0
    assert np.isnan(dice(np.zeros(4, bool), np.zeros(4, bool)))
