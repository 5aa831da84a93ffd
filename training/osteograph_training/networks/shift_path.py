"""The path between a spoilt image and a clean one (residual shift, Yue et al. 2023), of which a manifest says the places."""

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

#: Where the path begins and ends: 1 is the spoilt image, 0 the clean one.
FIRST, LAST = 0.05, 0.999


def schedule_of(places_in_all: int, kappa: float) -> dict[str, str | int | float]:
    """The path in the manifest's words; `kappa` is how much noise its far end has. Steps are taken from the last place on."""
    return {
        'kind': 'residual-shift',
        'trainSteps': places_in_all,
        'firstShift': FIRST,
        'lastShift': LAST,
        'power': 1.0,
        'noiseScale': kappa,
    }


def places_of(places_in_all: int, steps: int) -> list[float]:
    """Where a sampler of `steps` steps stands, the spoilt image's end first: every places_in_all / steps-th place."""
    times = range(places_in_all, 0, -(places_in_all // steps))
    return [FIRST * (LAST / FIRST) ** ((time - 1) / (places_in_all - 1)) for time in times]


def step_to(state: Tensor, clean: Tensor, place: Tensor, following: Tensor) -> Tensor:
    """The state at `following` [B], without new noise, of one at `place` [B] whose clean image is thought to be `clean`."""
    share = (following / place)[:, None, None, None]
    return share * state + (1 - share) * clean


def mean_along(path: list[float], spoilt: Tensor, clean_at: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Tensor:
    """The clean images that `clean_at(state, place, spread)` leads to along a path; nothing is drawn."""
    count = len(spoilt)
    still = torch.zeros(count)
    state = clean = spoilt
    for place, following in itertools.pairwise([*path, 0.0]):
        at = torch.full((count,), place)
        clean = clean_at(state, at, still)
        state = step_to(state, clean, at, torch.full((count,), following))
    return clean
