"""How some PyTorch operators are written in ONNX where PyTorch's own translation is slow.

Plain operators with constant shapes: a runtime can then prove that two feature maps have the same shape, which lets ONNX Runtime add a
residual inside the convolution before it, and it computes no shape while it runs.
"""

import math

import torch
from torch.onnx import register_custom_op_symbolic, symbolic_helper

#: From this width on pixels are shuffled by transpositions.
LONG_ROW = 32


def register(opset: int) -> None:
    """Makes `torch.onnx.export` use these translations from now on."""
    register_custom_op_symbolic('aten::group_norm', group_norm, opset)
    register_custom_op_symbolic('aten::pixel_shuffle', pixel_shuffle, opset)


@symbolic_helper.parse_args('v', 'i', 'v', 'v', 'f', 'i')
def group_norm(g, x, groups, weight, bias, epsilon, _cudnn):
    """Each group of channels as one row of a LayerNormalization: ONNX Runtime's CPU provider shares its rows among the threads, and runs
    InstanceNormalization, PyTorch's translation, on one.
    """
    channels, *size = symbolic_helper._get_tensor_sizes(x)[1:]
    grouped = g.op('Reshape', x, _constant(g, torch.tensor([0, groups, -1])))
    if None in (channels, *size):
        # The exporter loses sizes here and there, and a LayerNormalization must know the length of its rows.
        normed = g.op('InstanceNormalization', grouped, _constant(g, torch.ones(groups)), _constant(g, torch.zeros(groups)), epsilon_f=epsilon)
        shape = g.op('Shape', x)
    else:
        length = torch.tensor([channels // groups * math.prod(size)])
        # Folded into a constant when the graph is loaded.
        ones = g.op('Expand', _constant(g, torch.ones(1)), _constant(g, length))
        normed = g.op('LayerNormalization', grouped, ones, axis_i=-1, epsilon_f=epsilon)
        # 0 keeps the batch dimension and its name.
        shape = _constant(g, torch.tensor([0, -1, *size]))
    shaped = g.op('Reshape', normed, shape).setType(x.type())
    if symbolic_helper._is_none(weight):
        return shaped
    scale, shift = (symbolic_helper._unsqueeze_helper(g, values, [1, 2]) for values in (weight, bias))
    return g.op('Add', g.op('Mul', shaped, scale), shift).setType(x.type())


@symbolic_helper.parse_args('v', 'i')
def pixel_shuffle(g, x, factor):
    """Columns are interleaved, then whole rows: two transpositions of one axis each, which ONNX Runtime's CPU provider does two to three
    times as fast as DepthToSpace where rows are long. A transposed convolution with a group for each output channel is faster still, but
    gives wrong values on its WebGPU provider.
    """
    channels, height, width = symbolic_helper._get_tensor_sizes(x)[1:]
    if width is None or width < LONG_ROW:
        return g.op('DepthToSpace', x, blocksize_i=factor, mode_s='CRD')
    pairs = channels // factor
    columns = g.op('Reshape', x, _constant(g, torch.tensor([0, pairs, factor, -1])))
    columns = g.op('Transpose', columns, perm_i=[0, 1, 3, 2])
    rows = g.op('Reshape', columns, _constant(g, torch.tensor([0, pairs // factor, factor, -1, factor * width])))
    rows = g.op('Transpose', rows, perm_i=[0, 1, 3, 2, 4])
    return g.op('Reshape', rows, _constant(g, torch.tensor([0, -1, factor * height, factor * width])))


def _constant(g, value: torch.Tensor):
    return g.op('Constant', value_t=value)
