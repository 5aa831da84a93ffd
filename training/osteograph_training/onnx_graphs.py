"""ONNX export of one network, arithmetic in float32.

Matrices and kernels are stored in the graph as int8 with one scale per output channel, the other large weights as float16; a Cast and a
Mul at the head of the graph make them float32. The weights of a network too large for one protobuf message go as float32 into one file
beside the graph (ONNX's external data).
"""

import hashlib
import json
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from . import onnx_symbolics
from .checkpoint import git_commit
from .errors import TrainingError

OPSET = 17

onnx_symbolics.register(OPSET)

#: Weights smaller than this stay float32: they weigh nothing in the file, and a Cast each would only lengthen the graph.
SMALLEST_STORED_AS_HALF = 256

#: Matrices and kernels from this size on are stored as int8, with one scale per output channel.
SMALLEST_STORED_AS_BYTES = 1024


#: Networks with more weights than this are stored with external data: a protobuf message ends at 2 GiB.
LARGEST_EMBEDDED = 250_000_000

#: Into how many equal pieces the exporter may have cut a weight: query, key and value come as one.
PIECES = (1, 3)

#: Alignment of a tensor in the data file, so that it can be mapped into memory.
ALIGNMENT = 4096


def weight_count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def is_external(module: nn.Module) -> bool:
    """Whether a network's weights go into a file of their own."""
    return weight_count(module) > LARGEST_EMBEDDED


def round_weights(module: nn.Module) -> None:
    """Rounds every weight to what the graph stores of it, so that PyTorch and the graph compute with the same numbers."""
    if is_external(module):
        return
    with torch.no_grad():
        for parameter in module.parameters():
            if _as_bytes(parameter.shape):
                scale = parameter.abs().amax(dim=tuple(range(1, parameter.ndim)), keepdim=True).clamp(min=1e-12) / 127
                parameter.copy_((parameter / scale).round() * scale)
            elif parameter.numel() >= SMALLEST_STORED_AS_HALF:
                parameter.copy_(parameter.half().float())


def export_graph(
    module: nn.Module,
    examples: Sequence[torch.Tensor],
    inputs: Sequence[str],
    outputs: Sequence[str],
    path: Path,
    metadata: Mapping[str, str],
    open_sizes: bool = False,
) -> dict:
    """Writes the graph, and `<path>.data` where its weights are external, with an open batch dimension `B`.

    `open_sizes` leaves rows and columns of every image (a tensor of four dimensions) open too, as `H` and `W`. Returns the graph's entry
    in the manifest.
    """
    external = is_external(module)
    with torch.no_grad():
        results = module.eval()(*examples)
    shapes = [tuple(result.shape) for result in (results if isinstance(results, tuple) else (results,))]
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        traced = Path(folder) / 'traced.onnx'
        open_axes = {name: _open_axes(value.dim(), open_sizes) for name, value in zip(inputs, examples, strict=True)}
        open_axes |= {name: _open_axes(len(shape), open_sizes) for name, shape in zip(outputs, shapes, strict=True)}
        _trace(module, examples, inputs, outputs, open_axes, traced)
        model = onnx.load(traced, load_external_data=False)
        data = [_gather_weights(model, Path(folder), path.with_name(f'{path.name}.data'))] if external else []
    metadata = dict(metadata)
    if not external:
        metadata['renamed_weights'] = json.dumps(renamed_weights(model, module), sort_keys=True)
        store_weights_small(model)
    for value, shape in zip(model.graph.output, shapes, strict=True):
        for axis, (dimension, size) in enumerate(zip(value.type.tensor_type.shape.dim, shape, strict=True)):
            if axis not in open_axes[value.name]:
                dimension.dim_value = size
    for key, text in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, text
    content = model.SerializeToString(deterministic=True)
    path.write_bytes(content)
    onnx.checker.check_model(str(path), full_check=not external)
    return {
        'file': path.name,
        'sha256': hashlib.sha256(content).hexdigest(),
        **({'data': data} if external else {}),
        'precision': 'fp32' if external else 'int8-weights',
        'inputs': [_tensor(name, tuple(example.shape), open_axes[name]) for name, example in zip(inputs, examples, strict=True)],
        'outputs': [_tensor(name, shape, open_axes[name]) for name, shape in zip(outputs, shapes, strict=True)],
    }


def graph_metadata(bundle: str, saved: Mapping[str, Any], trained_on: str) -> dict[str, str]:
    """What a graph says of where it comes from; `saved` is the checkpoint of its weights. `restore` reads it."""
    return {
        'producer': 'osteograph_training',
        'bundle': bundle,
        'config': json.dumps(saved['config'], sort_keys=True),
        'commit': saved['commit'] or git_commit() or 'unknown',
        'training_step': str(saved['step']),
        'opset': str(OPSET),
        'synthetic': trained_on,
    }


def check_parity(module: nn.Module, path: Path, inputs: Sequence[str], examples: Sequence[Sequence[Tensor]], tolerance: float) -> None:
    """Runs a written graph on examples beside the module that it was made of, and refuses one that differs by more than `tolerance`."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    worst = 0.0
    for example in examples:
        with torch.no_grad():
            expected = module(*example).numpy()
        found = session.run(None, {name: value.numpy() for name, value in zip(inputs, example, strict=True)})[0]
        worst = max(worst, float(np.abs(found - expected).max()))
    print(f'{path.stem}: {weight_count(module):,} parameters, largest difference to PyTorch {worst:.1e}')
    if worst > tolerance:
        raise TrainingError(f'{path.name} differs from PyTorch by {worst:.1e}; {tolerance} is allowed.')


def renamed_weights(model: onnx.ModelProto, module: nn.Module) -> dict[str, list[str]]:
    """Where the weights are that the exporter folded into constants: of each parameter that the graph does not hold under its own
    name, the constants that are it, or that are it one after the other when it was cut along its first dimension.
    """
    constants = {tensor.name: numpy_helper.to_array(tensor).tobytes() for tensor in model.graph.initializer if tensor.data_type == TensorProto.FLOAT}
    names = {content: name for name, content in constants.items()}
    places: dict[str, list[str]] = {}
    for parameter, value in module.state_dict().items():
        content = value.detach().cpu().numpy().tobytes()
        for pieces in PIECES:
            length = len(content) // pieces
            starts = range(0, length * pieces, length) if length else []
            found = [name for start in starts if (name := names.get(content[start : start + length])) is not None]
            if parameter not in constants and len(found) == pieces:
                places[parameter] = found
                break
    return places


def _trace(
    module: nn.Module,
    examples: Sequence[torch.Tensor],
    inputs: Sequence[str],
    outputs: Sequence[str],
    open_axes: Mapping[str, dict[int, str]],
    path: Path,
) -> None:
    """PyTorch's own export. Beyond 2 GiB it writes each weight into a file of its own beside `path`."""
    with warnings.catch_warnings():
        # The exporter that traces is the one that writes plain operators of this opset without a further package.
        warnings.simplefilter('ignore', DeprecationWarning)
        warnings.simplefilter('ignore', torch.jit.TracerWarning)
        warnings.filterwarnings('ignore', 'Constant folding', UserWarning)
        torch.onnx.export(
            module,
            tuple(examples),
            str(path),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=dict(open_axes),
            opset_version=OPSET,
            do_constant_folding=True,
            dynamo=False,
        )


def _gather_weights(model: onnx.ModelProto, folder: Path, path: Path) -> dict:
    """Moves the weights, wherever the exporter left them, into one file; returns its entry in the manifest."""
    digest = hashlib.sha256()
    with path.open('wb') as file:

        def write(block: bytes) -> None:
            file.write(block)
            digest.update(block)

        for tensor in model.graph.initializer:
            if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < SMALLEST_STORED_AS_HALF:
                continue
            place = {entry.key: entry.value for entry in tensor.external_data}
            source = folder / place['location'] if tensor.data_location == TensorProto.EXTERNAL else None
            content = numpy_helper.to_array(tensor).astype('<f4').tobytes() if source is None else source.read_bytes()
            if source is not None:
                first = int(place.get('offset', 0))
                content = content[first : first + int(place.get('length', len(content) - first))]
            write(b'\0' * (-file.tell() % ALIGNMENT))
            offset = file.tell()
            write(content)
            for name in ('raw_data', 'float_data', 'external_data'):
                tensor.ClearField(name)
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (('location', path.name), ('offset', offset), ('length', len(content))):
                entry = tensor.external_data.add()
                entry.key, entry.value = key, str(value)
    return {'file': path.name, 'sha256': digest.hexdigest()}


def store_weights_small(model: onnx.ModelProto) -> None:
    """Replaces float32 initialisers by int8 or float16 ones and what makes them float32 again at the head of the graph.

    The nodes have constant inputs only, so a runtime folds them when it loads the graph.
    """
    head, scales = [], []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < SMALLEST_STORED_AS_HALF:
            continue
        name, values = tensor.name, numpy_helper.to_array(tensor)
        found = _bytes_of(values)
        if found is None:
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f'{name}.half'))
            head.append(helper.make_node('Cast', [f'{name}.half'], [name], name=f'{name}.cast', to=TensorProto.FLOAT))
            continue
        whole, scale = found
        tensor.CopyFrom(numpy_helper.from_array(whole, f'{name}.int8'))
        scales.append(numpy_helper.from_array(scale, f'{name}.scale'))
        head.append(helper.make_node('Cast', [f'{name}.int8'], [f'{name}.whole'], name=f'{name}.cast', to=TensorProto.FLOAT))
        head.append(helper.make_node('Mul', [f'{name}.whole', f'{name}.scale'], [name], name=f'{name}.scaled'))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*head, *nodes])
    model.graph.initializer.extend(scales)


def _as_bytes(shape: Sequence[int]) -> bool:
    """Whether a weight of this shape, outputs first, is stored as int8 with a scale per output."""
    return len(shape) > 1 and shape[0] > 1 and int(np.prod(shape)) >= SMALLEST_STORED_AS_BYTES


def _bytes_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Rounded weights as int8 and their scales; the outputs come first, or last where the exporter has transposed a matrix."""
    for axis in (0, values.ndim - 1):
        if not _as_bytes([values.shape[axis], values.size // values.shape[axis]]):
            continue
        others = tuple(index for index in range(values.ndim) if index != axis)
        scale = (np.abs(values).max(axis=others, keepdims=True).clip(min=1e-12) / 127).astype(np.float32)
        whole = np.rint(values / scale)
        if np.abs(whole * scale - values).max() <= 1e-5 * np.abs(values).max():
            return whole.astype(np.int8), scale
    return None


def _open_axes(dimensions: int, open_sizes: bool) -> dict[int, str]:
    return {0: 'B', 2: 'H', 3: 'W'} if open_sizes and dimensions == 4 else {0: 'B'}


def _tensor(name: str, shape: tuple[int, ...], open_axes: Mapping[int, str]) -> dict:
    return {'name': name, 'type': 'float32', 'shape': [open_axes.get(axis, size) for axis, size in enumerate(shape)]}
