"""What the joint lines of generated volumes are counted by."""

import numpy as np
import pytest

from osteograph_training.studies.film_consistency import consistency_table, volume_lines


def volume(lateral: list[int], medial: list[int]) -> np.ndarray:
    """A stack whose compartments have bright lines at these rows."""
    stack = np.full((50, 256, 256), 0.1, dtype=np.float32)
    for rows, columns in ((lateral, slice(80, 120)), (medial, slice(136, 176))):
        for row in rows:
            stack[:, row - 2 : row + 3, columns] = 0.9
    return stack


def test_one_line_in_each_compartment_is_one_and_its_slope_is_in_millimetres() -> None:
    level = volume_lines(volume([138], [138]))
    assert level.lines == (1, 1) and level.drop == 0
    # Eight pixels of 0.625 mm.
    assert volume_lines(volume([134], [142])).drop == pytest.approx(5)


def test_a_joint_line_that_comes_out_twice_is_counted_twice_and_one_band_of_two_cartilages_once() -> None:
    assert volume_lines(volume([130, 146], [138])).lines == (2, 1)
    assert volume_lines(volume([136, 141], [138])).lines == (1, 1)
    faint = volume([138], [138])
    faint[:, 120:125, 80:120] = 0.3
    assert volume_lines(faint).lines == (1, 1)


def test_a_black_volume_has_no_line() -> None:
    assert volume_lines(np.zeros((50, 256, 256), dtype=np.float32)).lines == (0, 0)


def test_the_table_has_a_row_of_each_group() -> None:
    row = {'number': 20, 'found': 1.0, 'oneLine': 0.95, 'oneLineInterval': [0.76, 0.99], 'slopeR': 0.913, 'slopeError': 0.44}
    assert consistency_table({'real films, generated': row, 'steps': 1, 'seed': 7, 'part': 'test'}).splitlines()[-1] == (
        '| real films, generated | 20 | 100 % | 95 % (76-99) | 0.91 | 0.4 |'
    )
