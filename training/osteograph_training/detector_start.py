"""A shipped knee detector to start from: what its graph holds, as the weights of a network that may answer more."""

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from .detector import Detector, DetectorGraph
from .errors import TrainingError
from .restore import graph_weights


def start_from_bundle(detector: Detector, bundle: Path) -> str:
    """Gives a detector the weights of a bundle of the same widths and returns its name; what the bundle does not answer stays as it is."""
    graph = onnx.load(str(bundle / 'detector.onnx'))
    whole = DetectorGraph(detector, views=True)
    state = whole.state_dict()
    weights = graph_weights(graph, state) | _unnamed_scales(graph, list(state))
    wrong = [name for name, value in weights.items() if value.shape != state[name].shape]
    missing = [name for name in state if name not in weights and not name.startswith(('detector.view.', 'detector.judge.'))]
    if wrong or missing:
        raise TrainingError(f'{bundle} is no knee detector of these widths: {(wrong + missing)[0]} differs.')
    whole.load_state_dict(weights, strict=False)
    manifest = json.loads((bundle / 'bundle.json').read_text(encoding='utf-8'))
    return f'{manifest["name"]}@{manifest["version"]}'


def _unnamed_scales(graph: onnx.ModelProto, names: list[str]) -> dict[str, torch.Tensor]:
    """Scales and shifts of the normalisations of graphs that do not keep their names: as pairs [C,1,1], in the order of the layers."""
    if any(entry.key == 'renamed_weights' for entry in graph.metadata_props):
        return {}
    pairs = [
        numpy_helper.to_array(tensor).astype(np.float32) for tensor in graph.graph.initializer if tensor.name.startswith(('onnx::Mul', 'onnx::Add'))
    ]
    biases = [
        name
        for name in names
        if name.endswith('.bias') and not name.startswith(('detector.score', 'detector.place', 'detector.view', 'detector.judge'))
    ]
    wanted = [name for bias in biases for name in (bias.removesuffix('bias') + 'weight', bias)]
    return {name: torch.from_numpy(pair.reshape(-1)) for name, pair in zip(wanted, pairs, strict=False)}
