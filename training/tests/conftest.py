import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from osteograph_training.config import Config, config_from


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def small_config() -> Config:
    """Networks small enough to train for a few steps in a test."""
    return config_from(
        {
            'precision': 'fp32',
            'processes': 1,
            'threads': 1,
            'log_every': 1,
            'sheet_every': 0,
            'data': {'split_seed': 3, 'validation': 0.3, 'test': 0.3},
            'autoencoder': {'fine': 8, 'coarse': 16, 'batch': 2, 'steps': 2},
            'denoiser': {'channels': [16, 16, 32], 'embedding': 32, 'heads': 2, 'blocks': 1},
            'xray_encoder': {'fine': 8, 'coarse': 16, 'heads': 2, 'batch': 2, 'steps': 2},
            'diffusion': {'knees': 2, 'slices_per_knee': 2, 'steps': 4, 'warmup': 1},
        },
        'test',
    )
