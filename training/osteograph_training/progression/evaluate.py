"""`evaluate-progression`: healthy films of people that were never trained on, brought to KL 4 by the progression and by its rivals."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr
from tqdm import tqdm

from ..errors import TrainingError
from ..onnx_graphs import round_weights
from ..reading.grader import GraderEnsemble
from ..reading.training import load_graders
from ..restoration.restorer import Restorer
from .amplitude import Compartment, Widths
from .field import JointLine
from .films import TracedFilms, load_traced_films
from .progress import progress
from .scores import frechet_distance, judged, kernel_distance, narrowest, principal, psnr, roughness, shaft_correlation
from .training import affected_compartments, load_remodeller

#: Growth of the narrowest width, % of the film's width, that is taken for noise of the reader: a tenth of a pixel of 224.
TOLERANCE = 0.05

#: Frames of a sequence: KL 0, 1, 2, 3 and 4.
FRAMES = 5

#: Draws of people for intervals.
DRAWS = 500


@dataclass(frozen=True)
class Method:
    """One way of making a healthy knee worse."""

    #: Film and its place among the sources -> frames from KL 0 to 4, float [F,224,224].
    way: Callable[[np.ndarray, int], np.ndarray]
    #: Film, its joint, the affected compartment, own and wished grade -> the film at the wished one; None where another person is needed.
    end: Callable[[np.ndarray, JointLine, Compartment, tuple[int, int]], np.ndarray] | None


def evaluate_progression(run: Path, judge: Path, films: Path, out: Path, limit: int, amplitudes: list[float], part: str = 'test') -> list[dict]:
    """Writes and prints a row for each method, and for each amplitude of what the network adds.

    Sources are films of KL 0 of the part; rivals are run on the same ones in the same call.

    Features and expected grades are those of a grader that has seen the judge people only (`train-grader` with `part: judge`).
    """
    network, config, _, measured = load_remodeller(run)
    round_weights(network)
    torch.set_num_threads(config.threads)
    widths = measured['widths']
    paths = sorted(judge.glob('grader-*.pt'))
    if not paths:
        raise TrainingError(f'{judge} holds no grader-<seed>.pt; train-grader writes them.')
    ensemble, _, _ = load_graders(paths)
    train = load_traced_films(films, run, config.part, config.remodeller.per_grade)
    held_out = load_traced_films(films, run, part)
    sources = _sources(held_out, limit)
    worst = train.chosen(np.flatnonzero(train.grades.numpy() == 4))
    compartments = _compartments(train, len(sources))

    def of_progress(used: Restorer | None, amplitude: float, closed: bool = True) -> Method:
        def way(film: np.ndarray, at: int) -> np.ndarray:
            return progress(film, sources.lines[at], widths, compartments[at], 0, 4, FRAMES, used, amplitude, closed)[0]

        def end(film: np.ndarray, line: JointLine, compartment: Compartment, grades: tuple[int, int]) -> np.ndarray:
            return progress(film, line, widths, compartment, *grades, 2, used, amplitude, closed)[0][-1]

        return Method(way, end)

    scenes = _Scenes(ensemble, train, held_out, worst, films, run)
    # Films of KL 4 that are not among those that sets are compared with.
    others = scenes.unseen
    methods: dict[str, Method] = {
        'copy': Method(lambda film, at: np.repeat(film[None], FRAMES, axis=0), lambda film, *_: film),
        'cross-fade to another person': Method(
            lambda film, at: np.stack([film + (others[at % len(others)] - film) * share for share in np.linspace(0, 1, FRAMES)]), None
        ),
        'closing only': of_progress(None, 0),
        'addition only': of_progress(network, amplitudes[-1], closed=False),
        **{f'closing and addition x {amplitude:g}': of_progress(network, amplitude) for amplitude in amplitudes},
    }
    rows = []
    for name, method in methods.items():
        made = np.stack([method.way(film, at) for at, film in enumerate(tqdm(_pixels(sources), name, mininterval=30))])
        row = {'method': name, **scenes.scores(sources, made), **scenes.pairs(method)}
        rows.append(row)
        print('  '.join(f'{key} {value}' for key, value in row.items()), flush=True)
    rows.append({'method': 'real KL 4', **scenes.real()})
    rows.append({'method': 'field', **_field_facts(sources, widths, compartments)})
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open('w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)
    for row in rows[-2:]:
        print('  '.join(f'{key} {value}' for key, value in row.items()))
    return rows


class _Scenes:
    """The real films that sequences are compared with, measured once."""

    def __init__(self, judge: GraderEnsemble, train: TracedFilms, held_out: TracedFilms, worst: TracedFilms, films: Path, run: Path) -> None:
        self.judge = judge
        self.held_out = held_out
        # Films of KL 4 are few: those of the validation people help to say how far real is from real.
        validation = load_traced_films(films, run, 'validation')
        unseen = [part.chosen(np.flatnonzero(part.grades.numpy() == 4)) for part in (held_out, validation)]
        real = np.concatenate([_pixels(part) for part in unseen])
        self.real_expected, self.real_features = judged(judge, real)
        self.unseen = real
        _, self.worst_features = judged(judge, _pixels(worst))
        self.axes = principal(self.worst_features)
        self.real_roughness = np.array([roughness(film) for film in _pixels(worst)])
        grades = train.grades.numpy()
        narrow = np.minimum(train.medial(), train.lateral())
        self.ratio = float(np.median(narrow[grades == 4]) / np.median(narrow[grades == 0]))
        self.real_kid = _subsets(self.real_features, self.worst_features, len(self.real_features), kernel_distance)
        self.real_frechet = _subsets(self.real_features @ self.axes, self.worst_features @ self.axes, len(self.real_features), frechet_distance)

    def real(self) -> dict:
        return {
            'films': len(self.unseen),
            'end_ratio': round(self.ratio, 3),
            'roughness': round(float(np.nanmedian(self.real_roughness)), 3),
            'roughness_95th': round(float(np.nanpercentile(self.real_roughness, 95)), 3),
            'kid': round(self.real_kid[0], 3),
            'frechet': round(self.real_frechet[0], 3),
            'expected_kl': round(float(self.real_expected.mean()), 3),
        }

    def scores(self, sources: TracedFilms, made: np.ndarray) -> dict:
        """Of sequences float [N,F,224,224] in 0..255."""
        widths = np.array([[narrowest(frame) for frame in sequence] for sequence in made])
        ratios = widths[:, -1] / widths[:, 0]
        steps = np.diff(widths, axis=1)
        low, high = _interval(ratios, sources.participants, np.nanmedian)
        rough = np.array([roughness(sequence[-1]) for sequence in made])
        expected, features = judged(self.judge, made[:, -1])
        along = np.stack([judged(self.judge, made[:, frame])[0] for frame in range(FRAMES)], axis=1)
        count = min(len(self.real_features), len(features))
        kid = _subsets(features, self.worst_features, count, kernel_distance)
        frechet = _subsets(features @ self.axes, self.worst_features @ self.axes, count, frechet_distance)
        return {
            'films': len(made),
            'never_grows': round(float(np.mean((steps <= TOLERANCE).all(axis=1))), 3),
            'narrower_at_the_end': round(float(np.mean(ratios < 0.9)), 3),
            'end_ratio': round(float(np.nanmedian(ratios)), 3),
            'end_ratio_low': round(low, 3),
            'end_ratio_high': round(high, 3),
            'shaft': round(float(np.median([shaft_correlation(sequence[-1], sequence[0]) for sequence in made])), 4),
            'shaft_least': round(float(min(shaft_correlation(sequence[-1], sequence[0]) for sequence in made)), 4),
            'roughness': round(float(np.nanmedian(rough)), 3),
            'smooth': round(float(np.mean(rough <= np.nanpercentile(self.real_roughness, 95))), 3),
            'kid': round(kid[0], 3),
            'kid_low': round(kid[1], 3),
            'kid_high': round(kid[2], 3),
            'frechet': round(frechet[0], 3),
            'frechet_of_real': round(frechet[0] / self.real_frechet[0], 2),
            'expected_kl': round(float(expected.mean()), 3),
            'expected_kl_start': round(float(along[:, 0].mean()), 3),
            'expected_kl_rises': round(float(np.mean([_rise(values) for values in along])), 3),
        }

    def pairs(self, method: Method) -> dict:
        """A healthy knee brought to the grade of the same person's other, worse knee (KL 3 or 4), against that knee."""
        found = _pairs(self.held_out)
        if not found or method.end is None:
            return {}
        compartments = affected_compartments(self.held_out)
        gains = []
        for better, worse in found:
            film, real = (self.held_out.images[place, 0].double().numpy() for place in (better, worse))
            compartment: Compartment = 'medial' if bool(compartments[worse, 0]) else 'lateral'
            grades = (int(self.held_out.grades[better]), int(self.held_out.grades[worse]))
            made = method.end(film, self.held_out.lines[better], compartment, grades)
            gains.append(psnr(made, real) - psnr(film, real))
        people = [self.held_out.participants[better] for better, _ in found]
        low, high = _interval(np.array(gains), people, np.mean)
        return {'pairs': len(found), 'psnr_gain': round(float(np.mean(gains)), 3), 'psnr_gain_low': round(low, 3), 'psnr_gain_high': round(high, 3)}


def _sources(films: TracedFilms, limit: int) -> TracedFilms:
    healthy = np.flatnonzero(films.grades.numpy() == 0)
    return films.chosen(np.random.default_rng(1).permutation(healthy)[:limit])


def _compartments(train: TracedFilms, count: int) -> list[Compartment]:
    """As many lateral ones as real films of KL 4 have."""
    lateral = float(affected_compartments(train)[train.grades == 4, 1].double().mean())
    return ['lateral' if chance < lateral else 'medial' for chance in np.random.default_rng(2).random(count)]


def _pairs(films: TracedFilms) -> list[tuple[int, int]]:
    """Places of both knees of people with a healthy one (KL 0) and one of KL 3 or 4."""
    knees: dict[str, list[int]] = {}
    for place, person in enumerate(films.participants):
        knees.setdefault(person, []).append(place)
    grades = films.grades.tolist()
    ordered = [sorted(places, key=lambda place: grades[place]) for places in knees.values() if len(places) == 2]
    return [(places[0], places[1]) for places in ordered if grades[places[0]] == 0 and grades[places[1]] >= 3]


def _pixels(films: TracedFilms) -> np.ndarray:
    return films.images[:, 0].double().numpy()


def _rise(values: np.ndarray) -> float:
    return float(spearmanr(np.arange(len(values)), values)[0]) if np.ptp(values) > 1e-9 else 0.0


def _subsets(
    features: np.ndarray, reference: np.ndarray, count: int, distance: Callable[[np.ndarray, np.ndarray], float]
) -> tuple[float, float, float]:
    """Mean distance of subsets of `count` to as many reference rows, and its 95 % interval over the subsets."""
    stream = np.random.default_rng(3)
    count = min(count, len(reference))
    found = [distance(features[stream.permutation(len(features))[:count]], reference[stream.permutation(len(reference))[:count]]) for _ in range(200)]
    low, high = np.percentile(found, [2.5, 97.5])
    return float(np.mean(found)), float(low), float(high)


def _interval(values: np.ndarray, people: list[str], statistic: Callable[[np.ndarray], float]) -> tuple[float, float]:
    """95 % percentile interval; people are drawn again, with all their films."""
    _, person = np.unique(np.asarray(people), return_inverse=True)
    places = [np.flatnonzero(person == index) for index in range(person.max() + 1)]
    stream = np.random.default_rng(4)
    drawn = [statistic(values[np.concatenate([places[index] for index in stream.integers(0, len(places), len(places))])]) for _ in range(DRAWS)]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def _field_facts(sources: TracedFilms, widths: Widths, compartments: list[Compartment]) -> dict:
    least, folds, pixels = 1.0, 0, 0
    for film, line, compartment in zip(_pixels(sources), sources.lines, compartments, strict=True):
        _, fields = progress(film, line, widths, compartment, 0, 4, FRAMES)
        for field in fields:
            determinant = 1 + np.diff(field, axis=0)
            least, folds, pixels = min(least, float(determinant.min())), folds + int((determinant <= 0).sum()), pixels + determinant.size
    return {'films': len(sources), 'least_determinant': round(least, 3), 'folds': folds, 'pixels': pixels}
