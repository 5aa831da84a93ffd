"""Training configuration: YAML read into checked dataclasses."""

import dataclasses
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from .errors import TrainingError


@dataclass(frozen=True)
class DataConfig:
    """`validation` and `test` are shares of the participants."""

    split_seed: int = 1
    validation: float = 0.06
    test: float = 0.12


@dataclass(frozen=True)
class AutoencoderConfig:
    """Widths at 64 x 64 and 32 x 32, and how it is trained."""

    fine: int = 48
    coarse: int = 96
    batch: int = 16
    steps: int = 3000
    learning_rate: float = 1e-3
    kl_weight: float = 1e-4
    l1_weight: float = 0.1
    gradient_weight: float = 0.1


@dataclass(frozen=True)
class DenoiserConfig:
    """Widths at 32 x 32, 16 x 16 and 8 x 8."""

    channels: tuple[int, ...] = (64, 128, 160)
    embedding: int = 256
    heads: int = 4
    blocks: int = 2


@dataclass(frozen=True)
class XrayEncoderConfig:
    """Widths at 32 x 32 and 16 x 16; `coverage` is the film crop's nominal share of the MRI's width. The rest is its warm start."""

    fine: int = 64
    coarse: int = 128
    heads: int = 4
    coverage: float = 0.6
    batch: int = 16
    steps: int = 900
    untouched: float = 0.7
    learning_rate: float = 1e-3


@dataclass(frozen=True)
class ScheduleConfig:
    """The noise schedule; written to the bundle as it is."""

    train_steps: int = 2000
    beta_schedule: str = 'scaled_linear'
    beta_start: float = 0.00085
    beta_end: float = 0.012
    spacing: str = 'trailing'
    final_alpha: str = 'one'


@dataclass(frozen=True)
class DiffusionConfig:
    """How denoiser and radiograph encoder are trained. A batch is `knees` x `slices_per_knee`."""

    knees: int = 8
    slices_per_knee: int = 4
    steps: int = 6000
    learning_rate: float = 4e-4
    warmup: int = 200
    decay_share: float = 0.3
    weight_decay: float = 0.01
    ema: float = 0.99
    snr_cap: float = 5.0
    feature_dropout: float = 0.1
    augment: bool = True
    untouched: float = 0.5


@dataclass(frozen=True)
class Config:
    """Everything a run depends on, besides the data."""

    seed: int = 20261121
    precision: str = 'bf16'
    processes: int = 2
    threads: int = 1
    checkpoint_minutes: float = 4.0
    log_every: int = 20
    data: DataConfig = field(default_factory=DataConfig)
    autoencoder: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    denoiser: DenoiserConfig = field(default_factory=DenoiserConfig)
    xray_encoder: XrayEncoderConfig = field(default_factory=XrayEncoderConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    diffusion: DiffusionConfig = field(default_factory=DiffusionConfig)

    def to_dict(self) -> dict:
        return dataclasses.asdict(self)


def load_config(path: Path) -> Config:
    """Reads and checks a YAML file; unknown keys and values of the wrong type are refused with a sentence."""
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8')) or {}
    except (OSError, yaml.YAMLError) as error:
        raise TrainingError(f'{path} could not be read as YAML: {error}') from error
    return config_from(content, str(path))


def config_from(content: object, where: str) -> Config:
    config = _build(Config, content, where)
    if config.precision not in ('fp32', 'bf16'):
        raise TrainingError(f'{where}: precision is {config.precision!r}; accepted are fp32 and bf16.')
    if not 0 < config.data.validation + config.data.test < 1:
        raise TrainingError(f'{where}: the validation and test shares must leave participants to train on.')
    return config


def _build(kind: type, content: object, where: str) -> typing.Any:
    if not isinstance(content, dict):
        raise TrainingError(f'{where}: a mapping is expected, not {content!r}.')
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(content) - set(hints))
    if unknown:
        raise TrainingError(f'{where}: unknown key {unknown[0]!r}; known are {", ".join(sorted(hints))}.')
    return kind(**{key: _value(hints[key], value, f'{where}: {key}') for key, value in content.items()})


def _value(hint: type, value: object, where: str) -> typing.Any:
    if dataclasses.is_dataclass(hint):
        return _build(hint, value, where)
    if isinstance(hint, types.GenericAlias):
        if isinstance(value, list | tuple) and value and all(type(item) is int for item in value):
            return tuple(value)
        raise TrainingError(f'{where} is {value!r}; a list of whole numbers is expected.')
    if hint is float and type(value) in (int, float):
        return float(value)
    if type(value) is hint:
        return value
    raise TrainingError(f'{where} is {value!r}; {hint.__name__} is expected.')
