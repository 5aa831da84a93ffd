"""A refiner out of its checkpoint."""

from pathlib import Path

from torch import Tensor

from ..checked_yaml import config_of
from ..checkpoint import load_checkpoint
from ..networks.refiner import Refiner
from .config import RefinerConfig, RefinerOptions

KIND = 'refiner'


def load_refiner(path: Path) -> tuple[Refiner, RefinerConfig, dict]:
    """The averaged network, its configuration and the checkpoint."""
    saved = load_checkpoint(path, KIND)
    config = config_of(RefinerConfig, saved['config'], str(path))
    return averaged_refiner(config.refiner, saved['average']), config, saved


def generator_mark(checkpoint: dict) -> dict:
    """Which generator a refiner was fitted to, by what that one's checkpoint says: how far it is trained, and on what."""
    return {'step': checkpoint['step'], 'data': checkpoint.get('data')}


def averaged_refiner(options: RefinerOptions, weights: dict[str, Tensor]) -> Refiner:
    network = Refiner(options.shape)
    network.load_state_dict(weights)
    return network.eval()
