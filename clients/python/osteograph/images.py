"""Films and MRI series as NumPy arrays."""

import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import nibabel
import numpy
from PIL import Image

from .connection import Connection
from .errors import ForbiddenError, NotFoundError
from .pages import pages
from .progress import bar

# Exams that are asked for at a time.
_PAGE = 25

_EXAM = """
fragment exam on KneeExam {
  id side participant { oaiId } visit { code }
}"""

_FILM = """
fragment film on KneeExam {
  ...exam
  radiograph { id view bilateral pixelSpacing provenance image { url } }
}"""

_SERIES = """
fragment series on KneeExam {
  ...exam
  mriSeries(synthetic: $synthetic) { id sequence synthetic provenance volume { url } }
}"""

_FILMS = f"""
query Films($where: KneeExamFilter, $first: Int, $after: String) {{
  page: kneeExams(where: $where, first: $first, after: $after) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ ...film }} }}
}}{_FILM}{_EXAM}"""

_VOLUMES = f"""
query Volumes($where: KneeExamFilter, $synthetic: Boolean, $first: Int, $after: String) {{
  page: kneeExams(where: $where, first: $first, after: $after) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ ...series }} }}
}}{_SERIES}{_EXAM}"""


_ADDRESS = """
query Address($id: ID!) {
  node(id: $id) { ... on Radiograph { file: image { url } } ... on MriSeries { file: volume { url } } }
}"""


@dataclass(frozen=True)
class Film:
    """A radiograph.

    array: rows x columns, uint16, bone bright.
    pixel_spacing: mm per pixel at the detector; None where the film does not say it.
    bilateral: whether it shows both knees; the patient's right is on the image's left.
    provenance: REAL or PHANTOM, as its file or release said.
    """

    array: numpy.ndarray = field(repr=False)
    pixel_spacing: float | None
    id: str
    exam_id: str
    oai_id: str
    visit: str
    side: str
    view: str
    bilateral: bool
    provenance: str


@dataclass(frozen=True)
class Volume:
    """An MRI series.

    array: as its NIfTI file has it, in the file's own scale; slices posterior to anterior.
    affine: 4 x 4, from the array's indices to mm: right, anterior and superior are positive.
    spacing: mm between neighbouring voxels along the array's three axes.
    synthetic: whether a bundle generated it. provenance: what its file or release said that it shows.
    header: of the NIfTI file, by nibabel; `nibabel.Nifti1Image(volume.array, volume.affine, volume.header)` is the file again.
    """

    array: numpy.ndarray = field(repr=False)
    affine: numpy.ndarray = field(repr=False)
    spacing: tuple[float, ...]
    id: str
    exam_id: str | None
    oai_id: str | None
    visit: str | None
    side: str | None
    sequence: str
    synthetic: bool
    provenance: str
    header: Any = field(repr=False)


def fetch_film(connection: Connection, exam_id: str) -> Film:
    """The film to use of an exam. raises NotFoundError where none has pixels."""
    for exam in pages(connection, _FILMS, {'where': {'id': {'eq': exam_id}}}, size=1):
        if _has_film(exam):
            return _film(connection, exam)
    raise NotFoundError('NOT_FOUND', f'There is no exam {exam_id} with a film whose pixels are stored.')


def fetch_volume(connection: Connection, exam_id: str, sequence: str | None, synthetic: bool | None) -> Volume:
    """An MRI series of an exam. raises NotFoundError where none has pixels."""
    asked = {'where': {'id': {'eq': exam_id}}, 'synthetic': synthetic}
    for exam in pages(connection, _VOLUMES, asked, size=1):
        for series in _series_of(exam, sequence):
            return read_volume(connection, series, exam)
    of = f' {sequence}' if sequence else ''
    raise NotFoundError('NOT_FOUND', f'There is no exam {exam_id} with an MRI series{of} whose pixels are stored.')


def cohort_films(connection: Connection, where: dict[str, Any], progress: bool | None) -> Iterator[Film]:
    """The films of a filter's exams that have their pixels stored, one after the other: nothing but one is in memory."""
    exams = pages(connection, _FILMS, {'where': _both(where, {'hasRadiograph': True})}, size=_PAGE)
    return _counted((_film(connection, exam) for exam in exams if _has_film(exam)), 'films', progress)


def cohort_volumes(
    connection: Connection, where: dict[str, Any], sequence: str | None, synthetic: bool | None, progress: bool | None
) -> Iterator[Volume]:
    """The MRI series of a filter's exams that have their pixels stored, one after the other: nothing but one is in memory."""
    # Without a word on synthetic the API means imported series only.
    kind = {'isNull': False} if synthetic is None else {'eq': synthetic}
    selected = _both(where, {'mriSeries': {'some': {'stored': True, 'synthetic': kind}}})
    exams = pages(connection, _VOLUMES, {'where': selected, 'synthetic': synthetic}, size=_PAGE)
    found = (read_volume(connection, series, exam) for exam in exams for series in _series_of(exam, sequence))
    return _counted(found, 'volumes', progress)


def _both(where: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """A part of a filter without a condition would be refused."""
    return {'and': [where, more]} if where else more


def read_volume(connection: Connection, series: dict[str, Any], exam: dict[str, Any] | None) -> Volume:
    """Fetches and opens the NIfTI file of a series."""
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(_bytes(connection, series['id'], series['volume']['url'])))
    return Volume(
        array=numpy.asanyarray(image.dataobj),
        affine=image.affine,
        spacing=tuple(float(size) for size in image.header.get_zooms()[:3]),
        id=series['id'],
        exam_id=exam['id'] if exam else None,
        oai_id=exam['participant']['oaiId'] if exam else None,
        visit=exam['visit']['code'] if exam else None,
        side=exam['side'] if exam else None,
        sequence=series['sequence'],
        synthetic=series['synthetic'],
        provenance=series['provenance'],
        header=image.header,
    )


def _film(connection: Connection, exam: dict[str, Any]) -> Film:
    film = exam['radiograph']
    with Image.open(io.BytesIO(_bytes(connection, film['id'], film['image']['url']))) as picture:
        array = numpy.asarray(picture).astype(numpy.uint16)
    return Film(
        array=array,
        pixel_spacing=film['pixelSpacing'],
        id=film['id'],
        exam_id=exam['id'],
        oai_id=exam['participant']['oaiId'],
        visit=exam['visit']['code'],
        side=exam['side'],
        view=film['view'],
        bilateral=film['bilateral'],
        provenance=film['provenance'],
    )


def _bytes(connection: Connection, id: str, url: str) -> bytes:
    """The file of a film or series; its address lives for an hour or two, and the loop over a page may take longer."""
    try:
        return connection.fetch(url)
    except ForbiddenError:
        file = (connection.ask(_ADDRESS, {'id': id})['node'] or {}).get('file')
        if file is None:
            raise NotFoundError('NOT_FOUND', f'The pixels of {id} are stored no more.') from None
        return connection.fetch(file['url'])


def _has_film(exam: dict[str, Any]) -> bool:
    return exam['radiograph'] is not None and exam['radiograph']['image'] is not None


def _series_of(exam: dict[str, Any], sequence: str | None) -> Iterator[dict[str, Any]]:
    for series in exam['mriSeries']:
        if series['volume'] and (sequence is None or sequence.casefold() in series['sequence'].casefold()):
            yield series


def _counted(images: Iterator[Any], unit: str, progress: bool | None) -> Iterator[Any]:
    with bar(unit, unit=f' {unit}', shown=progress) as shown:
        for count, image in enumerate(images, 1):
            yield image
            shown.to(count)
