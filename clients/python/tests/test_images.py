"""Films and MRI series as arrays."""

import gzip
import re
from pathlib import Path

import nibabel
import numpy
import pytest

import osteograph
from osteograph.images import _FILMS, _VOLUMES, _film, read_volume
from osteograph.pages import pages


@pytest.fixture(scope='module')
def imaged(server: osteograph.Osteograph) -> str:
    """The baseline exam of the right knee that has images."""
    exams = server.cohort(where={'visit': {'eq': 'V00'}, 'side': {'eq': 'RIGHT'}, 'hasMri': True}).frame(columns=['has_mri'])
    return str(exams['exam_id'].iloc[0])


def test_a_film_is_an_array_of_16_bits_with_its_pixel_size(server: osteograph.Osteograph, imaged: str) -> None:
    film = server.film(imaged)

    assert film.array.dtype == numpy.uint16
    assert film.array.ndim == 2
    assert film.array.max() > 255
    assert film.pixel_spacing == 0.3
    assert (film.exam_id, film.visit, film.side, film.provenance, film.bilateral) == (imaged, 'V00', 'RIGHT', 'PHANTOM', True)


def test_a_series_has_the_voxels_and_the_affine_of_its_file(server: osteograph.Osteograph, imaged: str, tmp_path: Path) -> None:
    volume = server.volume(imaged, 'cor_t1_3d_flash')
    url = server.ask('query ($id: ID!) { node(id: $id) { ... on MriSeries { volume { url } } } }', id=volume.id)['node']['volume']['url']
    (tmp_path / 'series.nii').write_bytes(gzip.decompress(server.download(url)))
    file = nibabel.load(tmp_path / 'series.nii')

    assert volume.array.shape == file.shape == (256, 256, 80)
    assert (volume.array == numpy.asanyarray(file.dataobj)).all()
    assert (volume.affine == file.affine).all()
    assert volume.spacing == (0.625, 0.625, 1.5)
    assert not volume.synthetic
    # The right knee is on the patient's right, and slices run from posterior to anterior.
    assert volume.affine[0] @ [128, 128, 40, 1] > 0
    assert volume.affine[1, 2] == 1.5


def test_an_address_that_has_expired_is_asked_for_again(server: osteograph.Osteograph, imaged: str) -> None:
    connection = server._connection
    (film,) = pages(connection, _FILMS, {'where': {'id': {'eq': imaged}}})
    (exam,) = pages(connection, _VOLUMES, {'where': {'id': {'eq': imaged}}, 'synthetic': False})
    series = exam['mriSeries'][0]
    for image in (film['radiograph']['image'], series['volume']):
        # The server refuses it as one whose time is over.
        image['url'] = re.sub(r'expires=\d+', 'expires=1000000000', image['url'])
        with pytest.raises(osteograph.ForbiddenError):
            server.download(image['url'])

    assert (_film(connection, film).array == server.film(imaged).array).all()
    assert read_volume(connection, series, exam).array.shape == (256, 256, 80)


def test_a_cohort_gives_its_images_one_after_the_other(baseline: osteograph.Cohort) -> None:
    films = [(film.oai_id, film.side) for film in baseline.films()]
    volumes = [(volume.oai_id, volume.side, volume.sequence) for volume in baseline.volumes()]

    assert sorted(films) == [('1000001', 'LEFT'), ('1000001', 'RIGHT')]
    assert sorted(volumes) == [('1000001', 'LEFT', 'COR_T1_3D_FLASH_LEFT'), ('1000001', 'RIGHT', 'COR_T1_3D_FLASH_RIGHT')]


def test_all_there_is_needs_no_filter(server: osteograph.Osteograph) -> None:
    everything = server.cohort()

    assert {film.visit for film in everything.films()} == {'V00', 'V06'}
    assert next(everything.volumes(synthetic=None)).oai_id == '1000001'


def test_an_exam_without_images_is_said(server: osteograph.Osteograph, imaged: str, baseline: osteograph.Cohort) -> None:
    exams = baseline.frame(columns=['has_mri'])
    bare = str(exams.loc[~exams['has_mri'], 'exam_id'].iloc[0])

    with pytest.raises(osteograph.NotFoundError, match='with a film whose pixels are stored'):
        server.film(bare)
    with pytest.raises(osteograph.NotFoundError, match='with an MRI series whose pixels are stored'):
        server.volume(bare)
    with pytest.raises(osteograph.NotFoundError, match='with an MRI series SAG_3D_DESS'):
        server.volume(imaged, 'SAG_3D_DESS')
