"""What every training loop shares: seeded streams per step, CSV and TensorBoard logs, NaN abort, timed checkpoints."""

import csv
import math
import time
from pathlib import Path

import numpy as np
import torch

from .errors import TrainingError


def step_streams(seed: int, step: int) -> tuple[np.random.Generator, torch.Generator]:
    """Random streams of one step. They depend on the seed and the step alone, so a resumed run repeats nothing and skips nothing."""
    bits = np.random.SeedSequence([seed, step])
    torch_seed = int(bits.generate_state(2, np.uint64)[1] >> np.uint64(1))
    return np.random.Generator(np.random.Philox(bits)), torch.Generator().manual_seed(torch_seed)


class RunLog:
    """Appends rows to a CSV file and to TensorBoard (`tensorboard/` beside it); `due` says when the next checkpoint is wanted.

    A resumed log keeps its rows up to the step of the checkpoint, `start`; what came after is computed again.
    """

    def __init__(self, path: Path, columns: list[str], checkpoint_minutes: float, resume: bool, start: int = 0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = _rows_until(path, start) if resume and path.exists() else []
        self._file = path.open('w', newline='', encoding='utf-8')
        self._writer = csv.writer(self._file)
        self._writer.writerows([columns, *kept])
        self._file.flush()
        self._columns = columns
        self._board = _board(path.parent / 'tensorboard' / path.stem, start)
        self._interval = checkpoint_minutes * 60
        self._last_checkpoint = time.monotonic()

    def row(self, values: dict[str, float]) -> None:
        self._writer.writerow([values.get(column, '') for column in self._columns])
        self._file.flush()
        if self._board is not None:
            for column, value in values.items():
                if column not in ('step', 'seconds'):
                    self._board.add_scalar(column, value, int(values['step']))

    def sheet(self, image: np.ndarray, step: int) -> None:
        """Shows a sample sheet (uint8 [rows, columns]) in TensorBoard."""
        if self._board is not None:
            self._board.add_image('sheet', image[None], step)

    def due(self) -> bool:
        if time.monotonic() - self._last_checkpoint < self._interval:
            return False
        self._last_checkpoint = time.monotonic()
        return True

    def close(self) -> None:
        self._file.close()
        if self._board is not None:
            self._board.close()


def check_finite(value: float, step: int, what: str = 'loss') -> float:
    """Stops a run whose loss is no longer a number; the last checkpoint is from before."""
    if not math.isfinite(value):
        raise TrainingError(f'The {what} became {value} at step {step}; training stopped. Resume with a lower learning rate.')
    return value


def learning_rate(step: int, steps: int, peak: float, warmup: int, decay_share: float) -> float:
    """Linear warm-up, a plateau, then a cosine to 2 % of the peak over the last `decay_share` of the steps."""
    if step < warmup:
        return peak * (step + 1) / warmup
    start = steps * (1 - decay_share)
    if step < start:
        return peak
    progress = min(1.0, (step - start) / max(1.0, steps - start))
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))


def _rows_until(path: Path, step: int) -> list[list[str]]:
    with path.open(newline='', encoding='utf-8') as file:
        rows = list(csv.reader(file))[1:]
    return [row for row in rows if row and row[0].isdigit() and int(row[0]) <= step]


def _board(folder: Path, start: int):
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        print('No TensorBoard log: the package tensorboard is not installed. The CSV log holds the same figures.')
        return None
    return SummaryWriter(str(folder), purge_step=start + 1 if start else None)
