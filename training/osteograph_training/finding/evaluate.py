"""`evaluate-detector`: any bundle of a knee detector on the same films, composed of real knees of test people, drawn and of phantoms."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ..detector import Found, decode, overlap
from ..detector_data import whole_release, window
from ..errors import TrainingError
from .compose import ComposedFilm, compose, laid_in
from .crops import KneeCrop, load_crops
from .legs import Place, set_into

#: A found square that overlaps the true one by at least this share is that knee.
SAME = 0.5
#: Width of a knee's square, mm: real crops do not say how large they are, and a tibial plateau is about 76 mm wide.
SQUARE_MM = 92.7
#: Films of each composed kind.
FILMS = 100


@dataclass
class Score:
    """What was found on the films of one kind."""

    films: int = 0
    knees: int = 0
    overlaps: list[float] = field(default_factory=list)
    off_mm: list[float] = field(default_factory=list)
    #: Films with a knee that is none.
    false: int = 0
    #: Films whose view, turn and inversion the detector names rightly; None where it names none.
    views: list[tuple[bool, bool, bool]] = field(default_factory=list)

    def row(self) -> dict[str, str | int]:
        found, off = np.array(self.overlaps or [np.nan]), np.array(self.off_mm or [np.nan])
        shares = [f'{100 * np.mean(part):.1f}' for part in zip(*self.views, strict=True)] if self.views else ['', '', '']
        return {
            'films': self.films,
            'knees': self.knees,
            'found_percent': f'{100 * len(self.overlaps) / self.knees:.1f}' if self.knees else '',
            'mean_iou': f'{found.mean():.3f}' if self.overlaps else '',
            'iou_from_085_percent': f'{100 * np.sum(found >= 0.85) / self.knees:.1f}' if self.knees else '',
            'joint_within_4_mm_percent': f'{100 * np.sum(off <= 4) / self.knees:.1f}' if self.knees else '',
            'films_with_a_false_knee': self.false,
            'view_percent': shares[0],
            'turn_percent': shares[1],
            'inversion_percent': shares[2],
        }


class BundledDetector:
    """A bundle's graph at work: what it finds on a film as laid into its input."""

    def __init__(self, bundle: Path) -> None:
        import onnxruntime

        manifest = json.loads((bundle / 'bundle.json').read_text(encoding='utf-8'))
        if manifest['task'] != 'knee-detection':
            raise TrainingError(f'{bundle} is a bundle of {manifest["task"]}; one of knee-detection is needed.')
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(bundle / manifest['graphs']['detector']['file'], options, providers=['CPUExecutionProvider'])
        self.threshold: float = manifest['detector']['threshold']
        self.shows: list[str] | None = manifest['detector'].get('shows')

    def find(self, film: torch.Tensor) -> tuple[list[Found], tuple[str, int, bool] | None]:
        """Knees from the threshold on, and what the film shows, by how many quarter turns it is turned, and whether it is inverted."""
        heatmap, boxes, *views = self.session.run(None, {'film': window(film).numpy()})
        found = [knee for knee in decode(torch.from_numpy(heatmap[0]), torch.from_numpy(boxes[0])) if knee.confidence >= self.threshold]
        if self.shows is None:
            return found, None
        shows, turned, inverted = views
        return found, (self.shows[int(shows[0].argmax())], int(turned[0].argmax()), bool(inverted[0, 0] >= 0.5))


def evaluate_detector(bundle: Path, films: Path, releases: list[Path], out: Path, cache: Path) -> None:
    """Writes a row for each kind of film to the CSV file `out`; the films are the same for every bundle."""
    detector = BundledDetector(bundle)
    crops = load_crops(films, 'test', cache)
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open('w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, ['kind', *Score().row()], lineterminator='\n')
        writer.writeheader()
        for kind, entries in test_films(crops, releases, cache):
            score = Score()
            for film in tqdm(entries, kind, mininterval=10):
                _add(score, film, detector)
            row = {'kind': kind, **score.row()}
            writer.writerow(row)
            print('  '.join(f'{name} {value}' for name, value in row.items() if value != ''), flush=True)


def test_films(crops: list[KneeCrop], releases: list[Path], cache: Path) -> Iterator[tuple[str, list[ComposedFilm]]]:
    """Kinds of films and the films of each; always the same."""
    for release in releases:
        images, places = whole_release(release, None, cache / release.name)
        plain = [ComposedFilm(image, knees, 'BILATERAL') for image, knees in zip(images, places, strict=True)]
        yield f'phantoms, {release.name}', plain
        rng = np.random.default_rng(7)
        yield f'real knees in films of phantoms, {release.name}', [set_in(film, crops, rng) for film in plain for _ in range(2)]
    kinds: list[tuple[str, str, bool | None]] = [
        ('bilateral films of real knees', 'BILATERAL', False),
        ('bilateral strips of real knees', 'BILATERAL', True),
        ('films of one real knee', 'SINGLE', False),
        ('strips of one real knee', 'SINGLE', True),
        ('lateral views (drawn)', 'LATERAL', None),
        ('skyline views (drawn)', 'SKYLINE', None),
        ('hands, chests, shafts (drawn)', 'NONE', None),
    ]
    for number, (kind, shows, strip) in enumerate(kinds):
        rng = np.random.default_rng([11, number])
        yield kind, [compose(shows, crops, rng, change=False, strip=strip) for _ in range(FILMS)]
    rng = np.random.default_rng([11, len(kinds)])
    changed: list[ComposedFilm] = []
    while len(changed) < 2 * FILMS:
        film = compose('BILATERAL' if rng.random() < 0.5 else 'SINGLE', crops, rng)
        if film.turned or film.inverted:
            changed.append(film)
    yield 'turned films of real knees', [film for film in changed if film.turned]
    yield 'inverted films of real knees', [film for film in changed if film.inverted and not film.turned]


def set_in(film: ComposedFilm, crops: list[KneeCrop], rng: np.random.Generator) -> ComposedFilm:
    """A phantom's film with a real knee in the place of each of its own, up to 6 % larger or smaller and 7 % of its side away."""
    image, places = film.image.copy(), []
    for column, row, side in film.knees.tolist():
        across, down = rng.uniform(-0.07, 0.07, 2) * side
        place = Place(column + across, row + down, side * rng.uniform(0.94, 1.06))
        set_into(image, crops[rng.integers(len(crops))], place, rng)
        places.append((place.column, place.row, place.side))
    return ComposedFilm(image, np.array(places, np.float32), film.shows)


def _add(score: Score, film: ComposedFilm, detector: BundledDetector) -> None:
    image, knees = laid_in(film)
    found, view = detector.find(image)
    score.films += 1
    score.knees += len(knees)
    free = list(found)
    for knee in knees.tolist():
        best = max(free, key=lambda one: overlap(_square(one), tuple(knee)), default=None)
        if best is None or (share := overlap(_square(best), tuple(knee))) < SAME:
            continue
        free.remove(best)
        score.overlaps.append(share)
        score.off_mm.append(float(np.hypot(best.column - knee[0], best.row - knee[1])) / knee[2] * SQUARE_MM)
    score.false += len(free) > 0
    if view is not None:
        shows, turned, inverted = view
        score.views.append((shows == film.shows, turned == film.turned, inverted == film.inverted))


def _square(knee: Found) -> tuple[float, float, float]:
    return knee.column, knee.row, knee.side
