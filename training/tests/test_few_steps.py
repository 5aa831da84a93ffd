"""Samplers of few steps, teacher and students."""

from pathlib import Path

import numpy as np
import pytest
from fabricated import write_prepared

from osteograph_training.config import Config
from osteograph_training.distil import distil
from osteograph_training.errors import TrainingError
from osteograph_training.studies.few_steps import compare_few_steps, few_steps_table, sharpness
from osteograph_training.train_autoencoder import train_autoencoder
from osteograph_training.train_diffusion import train_diffusion


def test_sharpness_is_one_for_the_series_itself_and_less_for_a_blurred_one() -> None:
    real = np.random.default_rng(1).random((3, 32, 32))
    blurred = (real + np.roll(real, 1, axis=1) + np.roll(real, 1, axis=2)) / 3
    assert sharpness(real, real) == 1
    assert sharpness(real, blurred) < 0.8


def test_teacher_and_students_are_scored_on_the_same_knees(tmp_path: Path, small_config: Config) -> None:
    data, run, students = tmp_path / 'data', tmp_path / 'run', tmp_path / 'students'
    data.mkdir()
    write_prepared(data, small_config)
    train_autoencoder(small_config, data, run)
    train_diffusion(small_config, data, run, steps=1)
    with pytest.raises(TrainingError, match=r'holds no stage-<steps>\.pt'):
        compare_few_steps(run, data, tmp_path, [1], 2, 25, 7, tmp_path / 'few.json')

    distil(run, data, students, 4, 1, 1, 1e-4)
    rows = compare_few_steps(run, data, students, [1, 4], 2, 25, 7, tmp_path / 'few.json')
    assert [(row['sampler'], row['steps']) for row in rows] == [
        ('ddim, teacher', 1),
        ('dpmpp_2m, teacher', 1),
        ('ddim, teacher', 4),
        ('dpmpp_2m, teacher', 4),
        ('ddim, student', 2),
        ('ddim, student', 1),
    ]
    assert all(len(row['psnr']) == 2 for row in rows)
    # At one step the samplers are the same.
    assert rows[0]['psnr'] == pytest.approx(rows[1]['psnr'])
    assert few_steps_table(rows).count('\n') == 1 + len(rows)
