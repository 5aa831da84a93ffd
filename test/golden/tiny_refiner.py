"""Writes tiny-refiner.onnx, a refiner for tiny-format2-bundle whose result can be told by hand: half the slice, a tenth of the film's
mean, a fifth of the depth, and a hundredth of each grade's number in the feature vector. Run: python test/golden/tiny_refiner.py
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

IMAGE, XRAY, FEATURES = ['B', 1, 128, 128], ['B', 2, 96, 64], ['B', 65]


def constant(name: str, value: object) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value), name)


def main() -> None:
    """refined = 0.5 image + 0.1 mean(xray) + 0.2 depth + 0.01 sum(position x features)."""
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
        helper.make_node('Add', ['second', 'grades'], ['refined']),
    ]
    graph = helper.make_graph(
        nodes,
        'tiny refiner',
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in (('image', IMAGE), ('xray', XRAY), ('depth', ['B']), ('features', FEATURES))
        ],
        [helper.make_tensor_value_info('refined', TensorProto.FLOAT, IMAGE)],
        [
            *(constant(name, np.float32(value)) for name, value in (('half', 0.5), ('tenth', 0.1), ('fifth', 0.2), ('hundredth', 0.01))),
            constant('column', np.array([-1, 1, 1, 1], dtype=np.int64)),
            constant('numbers', numbers),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, Path(__file__).parent / 'tiny-refiner.onnx')


if __name__ == '__main__':
    main()
