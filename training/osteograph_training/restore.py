"""`restore`: a shipped bundle as a training run again, so that it can be evaluated, distilled or trained further.

The weights come back exactly as the bundle stores them. A bundle holds no MRI encoder; `train-autoencoder --decoder-of` fits one to its
decoder.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from .checked_yaml import config_of
from .checkpoint import save_checkpoint
from .config import config_from
from .errors import TrainingError
from .models import Generator
from .networks.refiner import Refiner
from .refining.config import RefinerConfig
from .refining.load import KIND, generator_mark


def restore(bundle: Path, run: Path) -> Path:
    """Writes `<run>/diffusion.pt` with the weights, configuration and provenance of a bundle that `export` wrote; returns its path.

    And `<run>/refiner.pt` where the bundle has one.
    """
    manifest = _manifest(bundle)
    metadata = _metadata(_graph(bundle / 'denoiser.onnx'))
    config = json.loads(metadata['config'])
    model = Generator(config_from(config, f'{bundle}: configuration'))
    load_graph(model.xray_encoder, bundle / 'xrayEncoder.onnx')
    load_graph(model.denoiser, bundle / 'denoiser.onnx')
    path = run / 'diffusion.pt'
    content = {
        'kind': 'diffusion',
        'config': config,
        'step': int(metadata['training_step']),
        'scale_factor': float(manifest['latent']['scaleFactor']),
        'data': metadata['data_sha256'],
        'commit': metadata['commit'],
        'trained_on': manifest['trainedOn'],
        'restored': f'{manifest["name"]}@{manifest["version"]}',
        'model': model.state_dict(),
        'average': model.state_dict(),
    }
    save_checkpoint(path, content)
    # One that lies there is of another generator.
    (run / 'refiner.pt').unlink(missing_ok=True)
    if (bundle / 'refiner.onnx').exists():
        _restore_refiner(bundle, manifest, run, generator_mark(content))
    return path


def _restore_refiner(bundle: Path, manifest: dict, run: Path, generator: dict) -> None:
    metadata = _metadata(_graph(bundle / 'refiner.onnx'))
    config = json.loads(metadata['config'])
    refiner = Refiner(config_of(RefinerConfig, config, f'{bundle}: configuration of the refiner').refiner.shape)
    load_graph(refiner, bundle / 'refiner.onnx')
    trained = manifest['trainedOn']['refiner']
    content = {'kind': KIND, 'config': config, 'step': int(metadata['training_step']), 'commit': metadata['commit']}
    content |= {'films': trained['groups'], 'seconds': 60 * trained['minutes'], 'generator': generator}
    save_checkpoint(run / 'refiner.pt', content | {'model': refiner.state_dict(), 'average': refiner.state_dict()})


def load_graph(module: nn.Module, path: Path) -> None:
    """Gives a module the weights of a graph that `export_graph` wrote of the same module."""
    found = graph_weights(_graph(path), module.state_dict())
    try:
        module.load_state_dict(found)
    except RuntimeError as error:
        raise TrainingError(f'{path} is not a graph of the network that its configuration describes: {error}') from error


def graph_config(graph: Path) -> dict[str, Any]:
    """The configuration that a shipped graph was trained by."""
    config: dict[str, Any] = json.loads(_metadata(_graph(graph))['config'])
    return config


def start_from(network: nn.Module, graph: Path) -> dict[str, Any]:
    """Gives a network the weights of a shipped graph to start from, and returns what its bundle was and how many steps it had."""
    load_graph(network, graph)
    metadata = _metadata(_graph(graph))
    return {'bundle': metadata['bundle'], 'steps': int(metadata['training_step'])}


def graph_weights(model: onnx.ModelProto, like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a graph by the names and in the shapes of the state dictionary `like`; those that are not there are left out."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    renamed: dict[str, list[str]] = json.loads(_metadata(model).get('renamed_weights', '{}'))
    weights = {}
    for name, value in like.items():
        pieces = [_values(stored, constant) for constant in renamed.get(name, [name]) if _is_stored(stored, constant)]
        if sum(piece.size for piece in pieces) == value.numel():
            weights[name] = torch.from_numpy(np.concatenate([piece.reshape(-1) for piece in pieces])).reshape(value.shape)
    return weights


def _is_stored(stored: dict[str, onnx.TensorProto], name: str) -> bool:
    return any(f'{name}{ending}' in stored for ending in ('', '.half', '.int8'))


def _values(stored: dict[str, onnx.TensorProto], name: str) -> np.ndarray:
    """float32, whether stored as that, as float16, or as int8 with a scale per output channel."""
    if f'{name}.int8' in stored:
        return numpy_helper.to_array(stored[f'{name}.int8']).astype(np.float32) * numpy_helper.to_array(stored[f'{name}.scale'])
    tensor = stored.get(name) or stored[f'{name}.half']
    return numpy_helper.to_array(tensor).astype(np.float32)


def _graph(path: Path) -> onnx.ModelProto:
    try:
        return onnx.load(path)
    except (OSError, ValueError) as error:
        raise TrainingError(f'{path} could not be read as an ONNX graph: {error}') from error


def _metadata(model: onnx.ModelProto) -> dict[str, str]:
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    if metadata.get('producer') != 'osteograph_training' or 'config' not in metadata:
        raise TrainingError('The bundle was not written by this package; only such a bundle says what its networks look like.')
    return metadata


def _manifest(bundle: Path) -> dict:
    try:
        return json.loads((bundle / 'bundle.json').read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise TrainingError(f'{bundle / "bundle.json"} is not the manifest of a bundle: {error}') from error
