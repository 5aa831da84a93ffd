import json
import math
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor

from osteograph_training.config import Config, ScheduleConfig
from osteograph_training.distil import Halving, ddim_step, distil_stage, distillation_target, stage_steps
from osteograph_training.errors import TrainingError
from osteograph_training.features import FEATURE_WIDTH
from osteograph_training.models import Generator
from osteograph_training.noise import keyed_noise
from osteograph_training.runlog import RunLog
from osteograph_training.sampler import SAMPLERS, ddim
from osteograph_training.schedule import alphas_cumprod

SCHEDULE = ScheduleConfig()
TINY_BUNDLE = Path(__file__).parents[2] / 'test/golden/tiny-bundle'


def perfect_velocity(sample: Tensor, timestep: Tensor, clean: float) -> Tensor:
    """What a perfect network says when the clean latent is always the same number."""
    alpha = torch.from_numpy(alphas_cumprod(SCHEDULE))[timestep.long()].to(sample.dtype)[:, None]
    return (alpha.sqrt() * sample - clean) / (1 - alpha).sqrt()


@pytest.mark.parametrize('steps', [16, 8, 4, 2, 1])
def test_the_student_of_a_perfect_teacher_is_asked_for_the_perfect_velocity(steps: int) -> None:
    halving = Halving.to(steps, SCHEDULE)
    places = torch.arange(steps)
    sample = torch.randn(steps, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    target = distillation_target(lambda x, t: perfect_velocity(x, t, 0.7), sample, places, halving)

    torch.testing.assert_close(target, perfect_velocity(sample, halving.start, 0.7), atol=1e-9, rtol=1e-9)


def test_one_step_along_the_target_arrives_where_the_teacher_does_in_two() -> None:
    halving = Halving.to(4, SCHEDULE)
    places = torch.arange(4)
    sample = torch.randn(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))

    def teacher(x: Tensor, t: Tensor) -> Tensor:
        return torch.tanh(x * 1.3 + 0.4) + 0.001 * t[:, None]

    start, middle, end = (alphas[:, None] for alphas in (halving.alpha_start, halving.alpha_middle, halving.alpha_end))
    halfway = ddim_step(sample, teacher(sample, halving.start), start, middle)
    arrival = ddim_step(halfway, teacher(halfway, halving.middle), middle, end)
    target = distillation_target(teacher, sample, places, halving)
    torch.testing.assert_close(ddim_step(sample, target, start, end), arrival, atol=1e-9, rtol=1e-9)
    assert halving.alpha_end[-1] == 1.0


def test_stages_halve_the_steps_and_what_cannot_be_halved_is_refused() -> None:
    assert stage_steps(32, 4) == [16, 8, 4]
    for steps in ((32, 5), (12, 4), (4, 4)):
        with pytest.raises(TrainingError, match='cannot be halved'):
            stage_steps(*steps)
    with pytest.raises(TrainingError, match='leading grid'):
        Halving.to(4, ScheduleConfig(spacing='leading', train_steps=30))


class OneKnee:
    """Stands in for the training set: the same few slices in every batch."""

    def batch(self, *_: object) -> dict[str, Tensor]:
        random = torch.Generator().manual_seed(3)
        return {
            'xrays': torch.rand(1, 1, 256, 256, generator=random) * 2 - 1,
            'clean': torch.randn(2, 4, 32, 32, generator=random),
            'noise': torch.randn(2, 4, 32, 32, generator=random),
            'depth': torch.tensor([0.2, 0.8]),
            'features': torch.zeros(2, FEATURE_WIDTH),
        }


def test_a_student_comes_nearer_to_its_teacher_in_half_the_steps_than_the_teacher_itself(small_config: Config, tmp_path: Path) -> None:
    torch.manual_seed(4)
    teacher = Generator(small_config)
    # Fresh networks end in zeros; these must have something to say.
    for parameter in teacher.denoiser.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.05)
    teacher.eval()
    batch = OneKnee().batch()
    log = RunLog(tmp_path / 'stage.csv', ['step', 'loss'], 1e9, False)

    student = Generator(small_config).eval()
    student.load_state_dict(distil_stage(teacher, small_config, OneKnee(), Halving.to(1, SCHEDULE), 25, 3e-3, log))  # type: ignore[arg-type]

    with torch.no_grad():
        (condition,) = (part.repeat(2, 1, 1, 1) for part in teacher.condition(batch['xrays']))

        def sampled(generator: Generator, steps: int) -> Tensor:
            return ddim(lambda x, t: generator.denoiser(x, t, condition, batch['depth'], batch['features']), batch['noise'], SCHEDULE, steps)

        wanted = sampled(teacher, 2)
        assert (sampled(student, 1) - wanted).square().mean() < 0.5 * (sampled(teacher, 1) - wanted).square().mean()
    losses = [float(line.split(',')[1]) for line in (tmp_path / 'stage.csv').read_text().splitlines()[1:]]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize('name', ['DDIM', 'DPM-Solver++(2M)'])
def test_the_samplers_give_the_golden_latents_and_slices_that_the_platform_is_held_to(name: str) -> None:
    cases = json.loads((TINY_BUNDLE / 'golden.json').read_text())['cases']
    case = next(case for case in cases if case['name'] == name)
    binary = np.frombuffer((TINY_BUNDLE / 'golden.bin').read_bytes(), '<f4')
    manifest = json.loads((TINY_BUNDLE / 'bundle.json').read_text())
    graphs = {role: onnxruntime.InferenceSession(TINY_BUNDLE / f'{role}.onnx') for role in manifest['graphs']}
    count = case['sliceCount']
    xray = np.clip(keyed_noise(5, 0, 0, 65536).reshape(1, 1, 256, 256) / 3, -1, 1).astype(np.float32)
    condition = graphs['xrayEncoder'].run(['latent'], {'xray': xray})[0] * np.float32(manifest['latent']['conditionScale'])
    features = np.concatenate([one_hot(case['grades'].get(entry['name']), entry['levels']) for entry in manifest['conditioning']['features']])
    evaluations = []

    def predict(sample: Tensor, timestep: Tensor) -> Tensor:
        evaluations.append(sample.clone())
        given = {'sample': sample.numpy(), 'timestep': timestep.numpy(), 'xray_latent': condition.repeat(count, 0)}
        given |= {'depth': np.linspace(0, 1, count, dtype=np.float32), 'features': features[None].repeat(count, 0)}
        return torch.from_numpy(graphs['denoiser'].run(['prediction'], given)[0])

    noise = torch.from_numpy(keyed_noise(case['seed'], 0, 0)).reshape(1, 4, 32, 32).repeat(count, 1, 1, 1)
    latents = SAMPLERS['ddim' if name == 'DDIM' else 'dpmpp_2m'](predict, noise, SCHEDULE, case['steps'])

    assert len(evaluations) == case['steps']
    assert np.abs(evaluations[1].reshape(count, -1)[:, ::8].numpy() - golden(binary, case['firstStep'])).max() < 1e-3
    decoded = graphs['decoder'].run(['image'], {'latent': (latents / manifest['latent']['scaleFactor']).numpy()})[0]
    images = np.clip((decoded[:, 0] + 1) / 2, 0, 1)
    assert np.abs(images[:, ::4, ::4] - golden(binary, case['images'])).max() < 1e-3


def golden(binary: np.ndarray, place: list[int]) -> np.ndarray:
    """An array of golden.bin; `place` holds its offset in bytes and its shape."""
    offset, *shape = place
    return binary[offset // 4 : offset // 4 + math.prod(shape)].reshape(shape)


def one_hot(grade: float | None, levels: int) -> np.ndarray:
    hot = np.zeros(levels, np.float32)
    if grade is not None:
        hot[math.floor(grade)] = 1
    return hot
