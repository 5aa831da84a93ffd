"""Finds the knees of an OAI-shaped release on disk: grades, the film's box, and the folders of film and MRI series.

Reads labelled ASCII (`1: Right`) and plain ASCII (`1`) tables, in any letter case, as described in OAI's own documents.
Where contents.csv is absent, the DICOM headers of the image folders are read instead.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pydicom

from .errors import TrainingError
from .features import FEATURES

SIDES = ('R', 'L')

#: Visit code of each image folder.
VISIT_FOLDERS = {'00m': 'V00', '12m': 'V01', '24m': 'V03', '36m': 'V05', '48m': 'V06', '72m': 'V08', '96m': 'V10'}


@dataclass(frozen=True)
class FilmBox:
    """Square crop of one knee in film pixels."""

    left: float
    top: float
    side: float


@dataclass
class Knee:
    """One knee exam with the folders of its images; `grades` maps feature codes to grades."""

    participant: str
    visit: str
    side: str
    mri: Path | None = None
    film: Path | None = None
    box: FilmBox | None = None
    grades: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f'{self.participant}_{self.visit}_{self.side}'


def read_knees(root: Path, boxes: Path | None = None) -> list[Knee]:
    """All knees of the release that have a COR T1 3D FLASH series, sorted by participant, visit and side.

    `boxes` is a CSV with the columns of synthetic-truth.csv; by default that file of the release is used when present.
    """
    if not root.is_dir():
        raise TrainingError(f'{root} is not a folder; the root of an OAI-shaped release is expected.')
    knees: dict[tuple[str, str, str], Knee] = {}
    films: dict[tuple[str, str], Path] = {}
    for visit, participant, description, folder in _series(root):
        if description.startswith('COR_T1_3D_FLASH'):
            side = 'L' if description.endswith('LEFT') else 'R'
            knees[participant, visit, side] = Knee(participant, visit, side, mri=folder)
        elif _is_bilateral_film(description):
            films[participant, visit] = folder
    if not knees:
        raise TrainingError(f'No COR_T1_3D_FLASH series was found under {root}.')

    found_boxes = _read_boxes(boxes or next(iter(_find(root, 'synthetic-truth.csv')), None))
    grades = _read_grades(root)
    for key, knee in knees.items():
        knee.film = films.get(key[:2])
        knee.box = found_boxes.get(key)
        knee.grades = grades.get(key, {})
    return [knees[key] for key in sorted(knees)]


@dataclass(frozen=True)
class Film:
    """One bilateral film with the boxes of the knees on it."""

    participant: str
    visit: str
    folder: Path
    boxes: tuple[FilmBox, ...]


def read_films(root: Path, boxes: Path | None = None) -> list[Film]:
    """The bilateral films of the release whose knees have a box in `boxes` (see read_knees), sorted by participant and visit."""
    if not root.is_dir():
        raise TrainingError(f'{root} is not a folder; the root of an OAI-shaped release is expected.')
    places = _read_boxes(boxes or next(iter(_find(root, 'synthetic-truth.csv')), None))
    films = []
    for visit, participant, description, folder in _series(root):
        known = tuple(places[participant, visit, side] for side in SIDES if (participant, visit, side) in places)
        if _is_bilateral_film(description) and known:
            films.append(Film(participant, visit, folder, known))
    if not films:
        raise TrainingError(f'No bilateral film with the boxes of its knees was found under {root}; pass --boxes.')
    return sorted(films, key=lambda film: (film.participant, film.visit))


def _is_bilateral_film(description: str) -> bool:
    return 'fixed flexion knee' in description.lower() and 'bilateral' in description.lower()


def _series(root: Path) -> Iterator[tuple[str, str, str, Path]]:
    """Visit, participant, series description and folder of every image series."""
    listings = _find(root, 'contents.csv')
    if not listings:
        yield from _series_by_headers(root)
    for listing in listings:
        with listing.open(newline='', encoding='utf-8', errors='replace') as file:
            for row in csv.DictReader(file):
                cells = {(key or '').strip().lower(): (value or '').strip() for key, value in row.items()}
                found = _folder(root, listing.parent, cells.get('folder', ''))
                if found is not None:
                    yield found[0], cells.get('participantid', ''), cells.get('seriesdescription', ''), found[1]


def _series_by_headers(root: Path) -> Iterator[tuple[str, str, str, Path]]:
    for month, visit in VISIT_FOLDERS.items():
        for folder in sorted((root / month).glob('*/*/*/*')):
            first = min((file for file in folder.iterdir() if file.is_file()), default=None)
            if first is None:
                continue
            header = pydicom.dcmread(first, stop_before_pixels=True, specific_tags=['SeriesDescription', 'PatientID'])
            yield visit, str(header.PatientID), str(header.SeriesDescription), folder


def _folder(root: Path, base: Path, relative: str) -> tuple[str, Path] | None:
    """contents.csv lies in the month folder or above it, and its paths may leave the month (`00m/`) out. Never leaves the release."""
    clean = Path(relative.replace('\\', '/').strip('/'))
    if '..' in clean.parts or not clean.parts:
        return None
    month = clean.parts[0].split('.')[0].zfill(2) + 'm'
    for candidate in (base / clean, root / clean, root / month / clean):
        visit = next((VISIT_FOLDERS[part] for part in candidate.relative_to(root).parts if part in VISIT_FOLDERS), None)
        if visit is not None and candidate.is_dir():
            return visit, candidate
    return None


def _find(root: Path, name: str) -> list[Path]:
    """Files of that name, in any letter case, in the root or one folder below it."""
    return sorted(path for pattern in ('*', '*/*') for path in root.glob(pattern) if path.name.lower() == name)


def _read_boxes(path: Path | None) -> dict[tuple[str, str, str], FilmBox]:
    if path is None:
        return {}
    boxes: dict[tuple[str, str, str], FilmBox] = {}
    with path.open(newline='', encoding='utf-8') as file:
        rows = (line for line in file if not line.startswith('#'))
        for row in csv.DictReader(rows):
            try:
                key = (row['ID'], row['VISIT'], row['SIDE'][:1].upper().replace('1', 'R').replace('2', 'L'))
                boxes[key] = FilmBox(float(row['BOX_LEFT']), float(row['BOX_TOP']), float(row['BOX_SIDE']))
            except (KeyError, ValueError) as error:
                raise TrainingError(
                    f'{path} needs the columns ID, VISIT, SIDE, BOX_LEFT, BOX_TOP and BOX_SIDE with numbers in the last three ({error}).'
                ) from error
    return boxes


def _read_grades(root: Path) -> dict[tuple[str, str, str], dict[str, float]]:
    """Grades of the preferred reading: project 15 up to V06, 37 for V08 and V10 (42 counts as 37), else the reading there is."""
    grades: dict[tuple[str, str, str], tuple[int, dict[str, float]]] = {}
    pattern = re.compile(r'^kxr_sq_bu(\d\d)\.(txt|csv)$', re.IGNORECASE)
    for path in sorted([*root.glob('*'), *root.glob('*/*')]):
        match = pattern.match(path.name)
        if match is None:
            continue
        visit = f'V{match.group(1)}'
        wanted = '37' if visit in ('V08', 'V10') else '15'
        with path.open(encoding='utf-8', errors='replace') as file:
            header = [cell.strip().upper() for cell in file.readline().rstrip('\r\n').split('|')]
            for line in file:
                row = dict(zip(header, (cell.strip() for cell in line.rstrip('\r\n').split('|')), strict=False))
                side = {'1': 'R', '2': 'L'}.get(_code(row.get('SIDE', '')))
                if side is None or 'ID' not in row:
                    continue
                project = _code(row.get('READPRJ', '')).replace('42', '37')
                rank = 1 if project == wanted else 0
                key = (row['ID'], visit, side)
                if key not in grades or grades[key][0] < rank:
                    grades[key] = (rank, _grades_of(row, visit))
    return {key: value for key, (_, value) in grades.items()}


def _grades_of(row: dict[str, str], visit: str) -> dict[str, float]:
    values: dict[str, float] = {}
    for code, levels in FEATURES:
        try:
            grade = float(_code(row.get(visit + code, '')))
        except ValueError:
            continue
        if 0 <= grade < levels:
            values[code] = grade
    return values


def _code(cell: str) -> str:
    """`1: Right` -> `1`; missing codes stay what they are and do not parse as numbers."""
    return cell.split(':', 1)[0].strip()
