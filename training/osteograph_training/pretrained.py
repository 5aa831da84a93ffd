"""Weights of a Stable Diffusion, Zero-123 or CLIP checkpoint, taken by name into the networks of architecture `paper`."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from .config import Config
from .errors import TrainingError

#: Prefixes under which checkpoints hold each network, most specific first.
FIRST_STAGE = ('first_stage_model.',)
DENOISER = ('model.diffusion_model.',)
CLIP = ('cond_stage_model.model.', '')
PROJECTION = ('cc_projection.',)

#: Tensors whose input channels or columns may differ in number. The convolution gets channels for the radiograph's latent, which start
#: at zero; Zero-123's projection also takes the camera's pose, whose columns are left out.
WIDENED = 'input_blocks.0.0.weight'
NARROWED = 'weight'


@dataclass
class Transfer:
    """What became of the tensors of a checkpoint and of ours, each by name."""

    taken: list[str] = field(default_factory=list)
    widened: list[str] = field(default_factory=list)
    narrowed: list[str] = field(default_factory=list)
    #: Ours with another shape than the checkpoint's, with both shapes.
    misfits: list[str] = field(default_factory=list)
    #: Ours that the checkpoint does not have; they keep their initial values.
    missing: list[str] = field(default_factory=list)
    #: The checkpoint's that belong to no network asked for.
    skipped: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Counts, then every name that was not simply taken; skipped ones by their first two parts."""
        lines = [
            f'{len(self.taken)} tensors taken by name, {len(self.widened)} widened, {len(self.narrowed)} narrowed, '
            f'{len(self.misfits)} of another shape, {len(self.missing)} not in the checkpoint, {len(self.skipped)} of it skipped.'
        ]
        for title in ('widened', 'narrowed', 'misfits', 'missing'):
            lines += [f'{title}: {name}' for name in getattr(self, title)]
        groups = Counter('.'.join(name.split('.')[:2]) for name in self.skipped)
        lines += [f'skipped: {group}.* ({count})' for group, count in sorted(groups.items())]
        return '\n'.join(lines)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a .safetensors file or of a PyTorch checkpoint (its `state_dict` where there is one). Runs no pickled code."""
    if not path.is_file():
        raise TrainingError(f'{path} does not exist; a .ckpt, .pt or .safetensors file is expected.')
    try:
        if path.suffix == '.safetensors':
            from safetensors.torch import load_file

            content = load_file(path)
        else:
            content = torch.load(path, map_location='cpu', weights_only=True, mmap=True)
    except Exception as error:
        reason = str(error).strip().split('\n')[0]
        raise TrainingError(
            f'{path} could not be read as plain tensors ({reason}); save its state_dict alone with torch.save or as .safetensors.'
        ) from error
    content = content.get('state_dict', content) if isinstance(content, dict) else {}
    weights = {name: value for name, value in content.items() if isinstance(value, Tensor)}
    if not weights:
        raise TrainingError(f'{path} holds no named tensors.')
    return weights


def load_pretrained(config: Config, networks: list[tuple[nn.Module, tuple[str, ...]]]) -> None:
    """Takes the weights of the configuration's `pretrained` checkpoint and prints what was taken."""
    if config.pretrained is None:
        raise TrainingError('pretrained names no checkpoint.')
    if config.architecture != 'paper':
        raise TrainingError(f'pretrained is {config.pretrained!r}, but only architecture paper has networks that published checkpoints fit.')
    report = transfer(read_weights(Path(config.pretrained)), networks, config.pretrained)
    print(f'{config.pretrained}: {report.text()}')


@torch.no_grad()
def transfer(weights: dict[str, Tensor], networks: Iterable[tuple[nn.Module, tuple[str, ...]]], where: str) -> Transfer:
    """Copies tensors by name into networks, each with the prefixes it may have in the checkpoint; refuses when none fits.

    The first convolution may have fewer input channels in the checkpoint (4, of Stable Diffusion): the rest starts at zero.
    """
    report = Transfer()
    used: set[str] = set()
    for network, prefixes in networks:
        prefix = next((prefix for prefix in prefixes if any(prefix + name in weights for name in network.state_dict())), None)
        for name, own in network.state_dict().items():
            key = None if prefix is None else prefix + name
            if key is None or key not in weights:
                report.missing.append(prefixes[0] + name)
                continue
            used.add(key)
            _copy(own, weights[key].to(own.dtype), name, key, prefixes, report)
        if prefix in PROJECTION:
            _fold_pose(network, weights)
    report.skipped = sorted(set(weights) - used)
    if not report.taken:
        raise TrainingError(f'{where} holds no tensor of these networks; names such as {DENOISER[0]}time_embed.0.weight are expected.')
    return report


def _copy(own: Tensor, found: Tensor, name: str, key: str, prefixes: tuple[str, ...], report: Transfer) -> None:
    if own.shape == found.shape:
        own.copy_(found)
        report.taken.append(key)
    elif name == WIDENED and prefixes == DENOISER and _fits_but_second(own, found) and found.shape[1] < own.shape[1]:
        own.zero_()
        own[:, : found.shape[1]] = found
        report.widened.append(f'{key} from {found.shape[1]} to {own.shape[1]} input channels')
        report.taken.append(key)
    elif name == NARROWED and prefixes == PROJECTION and _fits_but_second(own, found) and found.shape[1] > own.shape[1]:
        own.copy_(found[:, : own.shape[1]])
        report.narrowed.append(f'{key} from {found.shape[1]} to {own.shape[1]} columns')
        report.taken.append(key)
    else:
        report.misfits.append(f'{key} is {list(found.shape)}, ours is {list(own.shape)}')


def _fold_pose(projection: nn.Module, weights: dict[str, Tensor]) -> None:
    """Zero-123's pose (elevation, sin and cos of the azimuth, radius) is (0, 0, 1, 0) for no motion: the cosine's column is a bias."""
    found = weights.get(f'{PROJECTION[0]}weight')
    if found is not None and found.shape[1] == projection.weight.shape[1] + 4:
        projection.bias.data += found[:, -2].to(projection.bias.dtype)


def _fits_but_second(own: Tensor, found: Tensor) -> bool:
    return own.ndim == found.ndim and own.shape[0] == found.shape[0] and own.shape[2:] == found.shape[2:]
