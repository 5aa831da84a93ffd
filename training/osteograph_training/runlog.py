"""What every training loop shares: seeded streams per step, CSV log, NaN abort, timed checkpoints."""

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
    """Appends rows to a CSV file and prints them; `due` says when the next checkpoint is wanted."""

    def __init__(self, path: Path, columns: list[str], checkpoint_minutes: float, resume: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = not (resume and path.exists())
        self._file = path.open('w' if fresh else 'a', newline='', encoding='utf-8')
        self._writer = csv.writer(self._file)
        if fresh:
            self._writer.writerow(columns)
        self._columns = columns
        self._interval = checkpoint_minutes * 60
        self._last_checkpoint = time.monotonic()

    def row(self, values: dict[str, float]) -> None:
        self._writer.writerow([values.get(column, '') for column in self._columns])
        self._file.flush()

    def due(self) -> bool:
        if time.monotonic() - self._last_checkpoint < self._interval:
            return False
        self._last_checkpoint = time.monotonic()
        return True

    def close(self) -> None:
        self._file.close()


def check_finite(loss: float, step: int) -> float:
    """Stops a run whose loss is no longer a number; the last checkpoint is from before."""
    if not math.isfinite(loss):
        raise TrainingError(f'The loss became {loss} at step {step}; training stopped. Resume with a lower learning rate.')
    return loss


def learning_rate(step: int, steps: int, peak: float, warmup: int, decay_share: float) -> float:
    """Linear warm-up, a plateau, then a cosine to 2 % of the peak over the last `decay_share` of the steps."""
    if step < warmup:
        return peak * (step + 1) / warmup
    start = steps * (1 - decay_share)
    if step < start:
        return peak
    progress = min(1.0, (step - start) / max(1.0, steps - start))
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
