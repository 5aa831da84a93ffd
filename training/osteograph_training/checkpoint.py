"""Checkpoints: weights, optimiser state, step, configuration and provenance in one file, written atomically."""

import os
import subprocess
from pathlib import Path

import torch

from .errors import TrainingError


def save_checkpoint(path: Path, content: dict) -> None:
    """Writes beside and renames, so that a checkpoint that exists is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix('.part')
    torch.save(content, part)
    os.replace(part, path)


def load_checkpoint(path: Path, kind: str) -> dict:
    """Reads a checkpoint and checks that it is of the kind expected (`autoencoder`, `xray-encoder` or `diffusion`)."""
    if not path.is_file():
        raise TrainingError(f'{path} does not exist; a checkpoint written by train-{kind} is expected.')
    content = torch.load(path, map_location='cpu', weights_only=True)
    if not isinstance(content, dict) or content.get('kind') != kind:
        raise TrainingError(f'{path} is not a checkpoint of train-{kind}.')
    return content


def git_commit() -> str | None:
    """The commit of the working tree that holds this package, or None outside git."""
    result = subprocess.run(['git', 'rev-parse', 'HEAD'], cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return result.stdout.strip() if result.returncode == 0 else None
