"""Training configuration: YAML read into checked dataclasses."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from .checked_yaml import Codes, Count, NotNegative, Positive, Share, Steps, Widths, Within, built, read_yaml
from .errors import TrainingError
from .features import seen_features


@dataclass(frozen=True)
class DataConfig:
    """`validation` and `test` are shares of the participants."""

    split_seed: Steps = 1
    validation: Share = 0.06
    test: Share = 0.12


@dataclass(frozen=True)
class AutoencoderConfig:
    """Widths at 64 x 64 and 32 x 32 (of architecture `demo`), and how it is trained."""

    fine: Count = 48
    coarse: Count = 96
    batch: Count = 16
    steps: Steps = 3000
    learning_rate: Positive = 1e-3
    kl_weight: NotNegative = 1e-4
    l1_weight: NotNegative = 0.1
    gradient_weight: NotNegative = 0.1


@dataclass(frozen=True)
class DenoiserConfig:
    """Widths at 32 x 32, 16 x 16 and 8 x 8, of architecture `demo`.

    `depth` is the path that the depth goes into. `without` names features that are hidden from the denoiser, by their codes or by
    what these begin with.
    """

    channels: Widths = (64, 128, 160)
    embedding: Count = 256
    heads: Count = 4
    blocks: Count = 2
    depth: Literal['down', 'up'] = 'down'
    without: Codes = ()


@dataclass(frozen=True)
class XrayEncoderConfig:
    """Widths at 32 x 32 and 16 x 16; `coverage` is the film crop's nominal share of the MRI's width.

    Without `film` the denoiser sees no radiograph at all; with `structure` the film's edges guide it too. The rest is its warm start.
    """

    film: bool = True
    structure: bool = False
    fine: Count = 64
    coarse: Count = 128
    heads: Count = 4
    coverage: Share = 0.6
    batch: Count = 16
    steps: Steps = 900
    untouched: Share = 0.7
    learning_rate: Positive = 1e-3


@dataclass(frozen=True)
class KlAutoencoderConfig:
    """AutoencoderKL of architecture `paper`."""

    image_channels: Count = 3
    base: Annotated[int, Within(32)] = 128
    multipliers: Widths = (1, 2, 4, 4)
    blocks: Count = 2
    latent_channels: Annotated[int, Within(4, 4)] = 4


@dataclass(frozen=True)
class UnetConfig:
    """U-Net of architecture `paper`; `attention` are the downsampling factors at which spatial transformers run."""

    base: Annotated[int, Within(32)] = 320
    multipliers: Widths = (1, 2, 4, 4)
    blocks: Count = 2
    attention: Widths = (4, 2, 1)
    heads: Count = 8
    transformer_depth: Count = 1
    context: Count = 768


@dataclass(frozen=True)
class ClipConfig:
    """CLIP image encoder of architecture `paper` (ViT-L/14); `weights` is a checkpoint, random when there is none."""

    width: Count = 1024
    layers: Count = 24
    heads: Count = 16
    patch: Count = 14
    size: Count = 224
    embedding: Count = 768
    weights: str | None = None


@dataclass(frozen=True)
class ScheduleConfig:
    """The noise schedule; written to the bundle as it is."""

    train_steps: Annotated[int, Within(2)] = 2000
    beta_schedule: Literal['scaled_linear', 'linear', 'squaredcos_cap_v2'] = 'scaled_linear'
    beta_start: Positive = 0.00085
    beta_end: Positive = 0.012
    spacing: Literal['trailing', 'leading', 'linspace'] = 'trailing'
    final_alpha: Literal['one', 'first'] = 'one'


@dataclass(frozen=True)
class DiffusionConfig:
    """How the denoiser, and with architecture `demo` the radiograph encoder, are trained.

    A batch is `knees` x `slices_per_knee`; each process computes its share in `accumulate` parts. `snr_cap` weighs the loss of
    `v_prediction` only. `scale_factor` without a value is 1 / standard deviation of the latents. `final_share` of the slices are
    trained at the noisiest timestep, the only one that a one-step sampler asks for.

    Each knee is also trained turned by `turns` angles within +-`turn` degrees, film and MRI together. `joint_weight` is what the
    loss counts more in the middle of the slice. With knees drawn in pairs (`train-diffusion --pairs`), a share `film_swap` of them gets
    the film of the pair's other knee, KL is missing in a share `kl_dropout`, and the error of the pair's difference counts
    `pair_weight`, and where the two knees differ `lesion_weight` times as much.
    """

    knees: Count = 8
    slices_per_knee: Count = 4
    accumulate: Count = 1
    steps: Steps = 6000
    learning_rate: Positive = 4e-4
    warmup: Steps = 200
    decay_share: Share = 0.3
    weight_decay: NotNegative = 0.01
    adam_beta2: Share = 0.99
    ema: Share = 0.99
    prediction: Literal['v_prediction', 'epsilon'] = 'v_prediction'
    timesteps: Literal['noisy', 'uniform'] = 'noisy'
    scale_factor: Positive | None = None
    final_share: Share = 0.0
    snr_cap: Positive = 5.0
    feature_dropout: Share = 0.1
    augment: bool = True
    untouched: Share = 0.5
    sheet_steps: Count = 8
    turn: Annotated[float, Within(0, 20)] = 0.0
    turns: Steps = 0
    joint_weight: NotNegative = 0.0
    film_swap: Share = 0.5
    kl_dropout: Share = 0.3
    pair_weight: NotNegative = 1.0
    lesion_weight: NotNegative = 16.0


@dataclass(frozen=True)
class Config:
    """Everything a run depends on, besides the data."""

    seed: Steps = 20261121
    architecture: Literal['demo', 'paper'] = 'demo'
    device: Literal['auto', 'cpu', 'cuda'] = 'auto'
    precision: Literal['fp32', 'bf16'] = 'bf16'
    processes: Count = 2
    threads: Count = 1
    checkpoint_minutes: NotNegative = 4.0
    log_every: Count = 20
    sheet_every: Steps = 500
    pretrained: str | None = None
    data: DataConfig = field(default_factory=DataConfig)
    autoencoder: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    denoiser: DenoiserConfig = field(default_factory=DenoiserConfig)
    xray_encoder: XrayEncoderConfig = field(default_factory=XrayEncoderConfig)
    kl_autoencoder: KlAutoencoderConfig = field(default_factory=KlAutoencoderConfig)
    unet: UnetConfig = field(default_factory=UnetConfig)
    clip: ClipConfig = field(default_factory=ClipConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    diffusion: DiffusionConfig = field(default_factory=DiffusionConfig)

    def to_dict(self) -> dict:
        return dataclasses.asdict(self)


def load_config(path: Path) -> Config:
    """Reads and checks a YAML file; every unknown key and every value that is not accepted is named in a sentence of its own."""
    return config_from(read_yaml(path), str(path))


def config_from(content: object, where: str) -> Config:
    faults: list[str] = []
    config = built(Config, content, where, faults)
    # What goes together is only asked of values that are accepted each for itself.
    faults = faults or _contradictions(config, where)
    if faults:
        raise TrainingError('\n'.join(faults))
    return config


def _contradictions(config: Config, where: str) -> list[str]:
    """Values that are each accepted but do not go together."""
    faults = []
    if not 0 < config.data.validation + config.data.test < 1:
        faults.append(f'{where}: the validation and test shares must leave participants to train on.')
    if config.schedule.beta_start > config.schedule.beta_end:
        faults.append(f'{where}: schedule: beta_start is {config.schedule.beta_start}, above beta_end {config.schedule.beta_end}.')
    try:
        seen_features(config.denoiser.without)
    except ValueError as error:
        faults.append(f'{where}: denoiser: without: {error}')
    wide = config.unet
    if any(wide.base * multiplier % wide.heads for multiplier in wide.multipliers):
        faults.append(f'{where}: unet: its widths (base x multipliers) are not divisible by heads, which is {wide.heads}.')
    for section, base in (('unet', wide.base), ('kl_autoencoder', config.kl_autoencoder.base)):
        if base % 32:
            faults.append(f'{where}: {section}: base is {base}; a multiple of 32 is expected, because its norms have 32 groups.')
    if len(config.kl_autoencoder.multipliers) != 4:
        faults.append(f'{where}: kl_autoencoder: multipliers has {len(config.kl_autoencoder.multipliers)} entries; 4 bring 256 x 256 to 32 x 32.')
    share = config.diffusion.knees // config.processes
    if config.architecture == 'paper' and config.diffusion.accumulate > max(share, 1):
        faults.append(f'{where}: diffusion: accumulate is {config.diffusion.accumulate}; at most one part per knee of a process ({max(share, 1)}).')
    return faults
