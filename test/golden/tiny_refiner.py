"""Writes refiners for tiny-format2-bundle whose results can be told by hand. Run: python test/golden/tiny_refiner.py

tiny-refiner.onnx gives half the slice, a tenth of the film's mean, a fifth of the depth, and a hundredth of each grade's number in the
feature vector; tiny-drawing-refiner.onnx adds a thousandth of the film's side in mm and a twentieth of the noise to it.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

IMAGE, XRAY, FEATURES = ['B', 1, 128, 128], ['B', 2, 96, 64], ['B', 65]


def constant(name: str, value: object) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value), name)


def main() -> None:
    write('tiny-refiner.onnx', draws=False)
    write('tiny-drawing-refiner.onnx', draws=True)


def write(name: str, draws: bool) -> None:
    """refined = 0.5 image + 0.1 mean(xray) + 0.2 depth + 0.01 sum(position x features) (+ 0.001 side + 0.05 noise)."""
    numbers = np.arange(65, dtype=np.float32)[:, None]
    nodes = [
        helper.make_node('Mul', ['image', 'half'], ['dimmed']),
        helper.make_node('ReduceMean', ['xray'], ['mean'], axes=[1, 2, 3], keepdims=1),
        helper.make_node('Mul', ['mean', 'tenth'], ['film']),
        helper.make_node('Reshape', ['depth', 'column'], ['depths']),
        helper.make_node('Mul', ['depths', 'fifth'], ['place']),
        helper.make_node('MatMul', ['features', 'numbers'], ['summed']),
        helper.make_node('Reshape', ['summed', 'column'], ['sums']),
        helper.make_node('Mul', ['sums', 'hundredth'], ['grades']),
        helper.make_node('Add', ['dimmed', 'film'], ['first']),
        helper.make_node('Add', ['first', 'place'], ['second']),
        helper.make_node('Add', ['second', 'grades'], ['third' if draws else 'refined']),
    ]
    inputs = {'image': IMAGE, 'xray': XRAY, 'depth': ['B'], 'features': FEATURES}
    factors = {'half': 0.5, 'tenth': 0.1, 'fifth': 0.2, 'hundredth': 0.01}
    if draws:
        nodes += [
            helper.make_node('Reshape', ['side', 'column'], ['sides']),
            helper.make_node('Mul', ['sides', 'thousandth'], ['width']),
            helper.make_node('Mul', ['noise', 'twentieth'], ['grain']),
            helper.make_node('Add', ['third', 'width'], ['fourth']),
            helper.make_node('Add', ['fourth', 'grain'], ['refined']),
        ]
        inputs |= {'side': ['B'], 'noise': IMAGE}
        factors |= {'thousandth': 0.001, 'twentieth': 0.05}
    graph = helper.make_graph(
        nodes,
        'tiny refiner',
        [helper.make_tensor_value_info(tensor, TensorProto.FLOAT, shape) for tensor, shape in inputs.items()],
        [helper.make_tensor_value_info('refined', TensorProto.FLOAT, IMAGE)],
        [
            *(constant(factor, np.float32(value)) for factor, value in factors.items()),
            constant('column', np.array([-1, 1, 1, 1], dtype=np.int64)),
            constant('numbers', numbers),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, Path(__file__).parent / name)


if __name__ == '__main__':
    main()
