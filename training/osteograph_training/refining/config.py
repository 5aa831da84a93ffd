"""Configuration of a refiner."""

from dataclasses import dataclass, field

from ..checked_yaml import Count, NotNegative, Share, Steps
from ..loop_settings import LoopConfig, LoopOptions
from ..networks.refiner import RefinerShape


@dataclass(frozen=True)
class RefinerOptions(LoopOptions):
    """How a refiner is trained, in batches of `pairs` pairs of crops of `crop` pixels.

    The two crops of a pair are of one knee with other grades. A share `film_swap` of the pairs is shown one film, so that only the grades tell
    them apart; a share `changed_share` is taken from where they differ. A share `final_share` is trained at the path's far end, where sampling
    begins. The squared error of a pair's difference counts `pair_weight`, and where the two differ `lesion_weight` times as much besides; the
    error of each crop counts `own_weight`. A share `unknown_share` of the films has a size that nobody tells. `path` is how a slice is made.
    """

    shape: RefinerShape = field(default_factory=RefinerShape)
    crop: Count = 128
    pairs: Count = 8
    film_swap: Share = 0.5
    changed_share: Share = 0.65
    final_share: Share = 0.35
    unknown_share: Share = 0.25
    pair_weight: NotNegative = 0.1
    lesion_weight: NotNegative = 8.0
    own_weight: NotNegative = 1.0
    path: tuple[float, ...] = (1.0, 0.25, 0.06, 0.01)


@dataclass(frozen=True)
class RefinerConfig(LoopConfig):
    seed: Steps = 20261130
    refiner: RefinerOptions = field(default_factory=RefinerOptions)
