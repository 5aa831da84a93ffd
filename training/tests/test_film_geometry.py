from pathlib import Path

import numpy as np
import pytest
from fabricated import write_release
from PIL import Image

from osteograph_training.errors import TrainingError
from osteograph_training.film_split import read_film_split
from osteograph_training.studies.film_geometry import compare_films, geometry_table, joint_rows, obliquity


def knee(fall: float) -> np.ndarray:
    """A bright knee whose joint space, a dark line, lies `fall` pixels lower at the middle of the medial compartment than of the lateral."""
    rows, columns = np.mgrid[0:256, 0:256]
    line = 128 + fall * (columns - 128) / (0.4 * 256)
    return (1 - 0.8 * np.exp(-0.5 * ((rows - line) / 4) ** 2)).astype(np.float32)


@pytest.mark.parametrize('fall', [-8.0, 0.0, 5.0, 20.0])
def test_the_joint_line_of_both_compartments_is_found_where_it_was_drawn(fall: float) -> None:
    lateral, medial = joint_rows(knee(fall))
    assert lateral == pytest.approx((128 - fall / 2) / 2.56, abs=0.6)
    assert medial == pytest.approx((128 + fall / 2) / 2.56, abs=0.6)
    assert obliquity(knee(fall)) == pytest.approx(fall / 2.56, abs=0.8)


def test_says_what_share_of_real_films_lies_within_the_phantoms(tmp_path: Path) -> None:
    release, films = tmp_path / 'release', tmp_path / 'films'
    write_release(release, ['1000001', '1000002'])
    films.mkdir()
    train = [participant for participant, part in read_film_split().items() if part == 'train'][:5]
    rows = ['file,participant,side,kl']
    for kl, participant in enumerate(train):
        # A left knee lies mirrored.
        pixels = np.rint(255 * knee(12.0)).astype(np.uint8)[:, ::-1]
        Image.fromarray(np.ascontiguousarray(pixels)).resize((224, 224)).save(films / f'{participant}L.png')
        rows.append(f'{participant}L.png,{participant},L,{kl}')
    (films / 'index.csv').write_text('\n'.join(rows) + '\n')
    table = compare_films(release, films, 10)
    assert [row['films'] for row in table.values()] == [4, 2, 3]
    assert table['real, KL 0-1']['median'] == pytest.approx(12 / 2.56, abs=0.8)
    assert '| real, KL 2-4 | 3 | +3.9 |' in geometry_table(table)
    with pytest.raises(TrainingError, match='no film of training people with KL 2 to 4'):
        (films / 'index.csv').write_text('\n'.join(rows[:3]) + '\n')
        compare_films(release, films, 10)
