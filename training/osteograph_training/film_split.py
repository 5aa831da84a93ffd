"""The frozen split of the people whose real films networks are trained and judged on.

`splits/films.csv` says in which part each participant of the film collection is. It is written once and never again: whatever was
trained on one part must not be judged on it, in this version of a network or a later one.
"""

import csv
import hashlib
from collections.abc import Mapping
from pathlib import Path

from .errors import TrainingError

#: Train networks; choose among them; report how good they are; train the judges that other networks are judged by.
FILM_PARTS = ('train', 'validation', 'test', 'judge')

#: Shares of people, in per mille, in the order of FILM_PARTS.
SHARES = (700, 100, 100, 100)

SPLIT_FILE = Path(__file__).parents[1] / 'splits' / 'films.csv'


def part_by_hash(participant: str) -> str:
    """The part that a participant falls into, by SHA-256 of their identifier alone."""
    place = int.from_bytes(hashlib.sha256(f'osteograph-films-1:{participant}'.encode()).digest()[:8], 'big') % 1000
    for part, share in zip(FILM_PARTS, SHARES, strict=True):
        if place < share:
            return part
        place -= share
    raise AssertionError('the shares add up to 1000')


def read_film_split(path: Path = SPLIT_FILE) -> Mapping[str, str]:
    """Participant -> part. Raises TrainingError when the file is missing or names an unknown part."""
    try:
        with path.open(newline='', encoding='utf-8') as file:
            split = {row['participant']: row['part'] for row in csv.DictReader(file)}
    except (OSError, KeyError) as error:
        raise TrainingError(f'{path} could not be read as a split (columns participant and part): {error}') from error
    unknown = sorted(set(split.values()) - set(FILM_PARTS))
    if unknown:
        raise TrainingError(f'{path} names the part {unknown[0]!r}; the parts are {", ".join(FILM_PARTS)}.')
    return split


def write_film_split(participants: list[str], path: Path) -> None:
    """Writes the part of every participant, in the order of their identifiers. Refuses to write over a split that is there."""
    if path.exists():
        raise TrainingError(f'{path} exists, and a split stays as it is: networks were trained under it.')
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(['participant', 'part'])
        writer.writerows([participant, part_by_hash(participant)] for participant in sorted(set(participants)))
