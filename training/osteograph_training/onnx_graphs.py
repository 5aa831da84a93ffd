"""ONNX export of one network: weights stored as float16 behind a Cast, arithmetic in float32."""

import hashlib
import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

OPSET = 17

#: Weights smaller than this stay float32: they weigh nothing in the file, and a Cast each would only lengthen the graph.
SMALLEST_STORED_AS_HALF = 256


def round_weights(module: nn.Module) -> None:
    """Rounds every weight that the graph stores as float16, so that PyTorch and the graph compute with the same numbers."""
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.numel() >= SMALLEST_STORED_AS_HALF:
                parameter.copy_(parameter.half().float())


def export_graph(
    module: nn.Module,
    examples: Sequence[torch.Tensor],
    inputs: Sequence[str],
    outputs: Sequence[str],
    path: Path,
    metadata: Mapping[str, str],
) -> dict:
    """Writes the graph with an open batch dimension `B`; returns its entry in the manifest."""
    buffer = io.BytesIO()
    axes = {name: {0: 'B'} for name in [*inputs, *outputs]}
    with warnings.catch_warnings():
        # The exporter that traces is the one that writes plain operators of this opset without a further package.
        warnings.simplefilter('ignore', DeprecationWarning)
        warnings.simplefilter('ignore', torch.jit.TracerWarning)
        torch.onnx.export(
            module.eval(),
            tuple(examples),
            buffer,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=OPSET,
            do_constant_folding=True,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    store_weights_as_half(model)
    with torch.no_grad():
        results = module(*examples)
    shapes = [tuple(result.shape) for result in (results if isinstance(results, tuple) else (results,))]
    for value, shape in zip(model.graph.output, shapes, strict=True):
        for dimension, size in zip(value.type.tensor_type.shape.dim[1:], shape[1:], strict=True):
            dimension.dim_value = size
    for key, text in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, text
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString(deterministic=True)
    path.write_bytes(data)
    return {
        'file': path.name,
        'sha256': hashlib.sha256(data).hexdigest(),
        'precision': 'fp16-weights',
        'inputs': [_tensor(name, tuple(example.shape)) for name, example in zip(inputs, examples, strict=True)],
        'outputs': [_tensor(name, shape) for name, shape in zip(outputs, shapes, strict=True)],
    }


def store_weights_as_half(model: onnx.ModelProto) -> None:
    """Replaces float32 initialisers by float16 ones and a Cast to float32 at the head of the graph."""
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < SMALLEST_STORED_AS_HALF:
            continue
        name = tensor.name
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f'{name}.half')
        tensor.CopyFrom(half)
        casts.append(helper.make_node('Cast', [f'{name}.half'], [name], name=f'{name}.cast', to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *nodes])


def _tensor(name: str, shape: tuple[int, ...]) -> dict:
    return {'name': name, 'type': 'float32', 'shape': ['B', *shape[1:]]}
