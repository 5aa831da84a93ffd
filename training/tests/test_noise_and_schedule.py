import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from osteograph_training.config import ScheduleConfig
from osteograph_training.errors import TrainingError
from osteograph_training.noise import keyed_noise, philox
from osteograph_training.sampler import ddim
from osteograph_training.schedule import alphas_cumprod, previous_alphas, sampling_timesteps

GOLDEN = Path(__file__).parents[2] / 'test' / 'golden'


def test_philox_gives_the_known_answers_of_random123():
    cases = [
        ([0] * 4, (0, 0), [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([0xFFFFFFFF] * 4, (0xFFFFFFFF, 0xFFFFFFFF), [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    ]
    for counter, key, answer in cases:
        assert philox(np.array([counter], dtype=np.uint32), key)[0].tolist() == answer


def test_noise_equals_the_platforms_bit_for_bit():
    for draw in json.loads((GOLDEN / 'noise.json').read_text())['draws']:
        values = keyed_noise(draw['seed'], draw['slice'], draw['step'])
        assert hashlib.sha256(values.astype('<f4').tobytes()).hexdigest() == draw['sha256']


def test_noise_is_standard_normal_and_differs_between_slices_and_steps():
    noise = keyed_noise(7, 0, 0)
    assert abs(noise.mean()) < 0.05 and abs(noise.std() - 1) < 0.05
    assert not np.array_equal(noise, keyed_noise(7, 1, 0))
    assert not np.array_equal(noise, keyed_noise(7, 0, 1))


def test_schedules_have_the_textbook_values():
    alphas = alphas_cumprod(ScheduleConfig())
    assert alphas[0] == pytest.approx(1 - 0.00085)
    assert len(alphas) == 2000 and np.all(np.diff(alphas) < 0)
    assert alphas_cumprod(ScheduleConfig(beta_schedule='linear'))[1] < alphas[0]
    with pytest.raises(TrainingError, match='scaled_linear'):
        alphas_cumprod(ScheduleConfig(beta_schedule='sqrt'))


def test_trailing_grid_starts_at_the_noisiest_step_and_ends_clean():
    grid = sampling_timesteps(ScheduleConfig(), 8)
    assert grid.tolist() == [1999, 1749, 1499, 1249, 999, 749, 499, 249]
    assert previous_alphas(ScheduleConfig(), grid)[-1] == 1.0
    assert sampling_timesteps(ScheduleConfig(spacing='leading'), 4).tolist() == [1500, 1000, 500, 0]
    assert sampling_timesteps(ScheduleConfig(spacing='linspace'), 3).tolist() == [1999, 1000, 0]


def test_ddim_recovers_the_clean_latent_from_exact_predictions():
    clean = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    noise = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    alphas = alphas_cumprod(ScheduleConfig())

    def exact(sample, timestep):
        alpha = torch.tensor(alphas[int(timestep[0])]).float()
        epsilon = (sample - alpha.sqrt() * clean) / (1 - alpha).sqrt()
        return alpha.sqrt() * epsilon - (1 - alpha).sqrt() * clean

    assert torch.allclose(ddim(exact, noise, ScheduleConfig(), 10), clean, atol=1e-3)
