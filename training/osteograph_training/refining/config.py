"""Configuration of a refiner."""

from dataclasses import dataclass, field

from ..checked_yaml import Count, NotNegative, Share, Steps
from ..loop_settings import LoopConfig, LoopOptions
from ..networks.refiner import RefinerShape


@dataclass(frozen=True)
class RefinerOptions(LoopOptions):
    """How a refiner is trained, in batches of `pairs` pairs of half joints.

    The two halves of a pair are of one knee with other grades. A share `film_swap` of the pairs is shown one film, so that only the grades tell
    them apart; a share `changed_share` is taken from where they differ. The squared error of a pair's difference counts `pair_weight`, and
    where the two differ `lesion_weight` times as much besides. There the error of each half counts `own_weight`, and elsewhere what is added to
    it: the least squared error of a whole half would be a blur.
    """

    shape: RefinerShape = field(default_factory=RefinerShape)
    pairs: Count = 8
    film_swap: Share = 0.5
    changed_share: Share = 0.8
    pair_weight: NotNegative = 1.0
    lesion_weight: NotNegative = 8.0
    own_weight: NotNegative = 0.25


@dataclass(frozen=True)
class RefinerConfig(LoopConfig):
    seed: Steps = 20261130
    refiner: RefinerOptions = field(default_factory=RefinerOptions)
