"""Writes backbones/: two tiny networks that look at images, for the metrics that take the user's own. Run: python test/golden/backbones.py

features.onnx takes [N,3,H,W] to 4 features: the mean, and the mean of the absolute differences of neighbours to the right and below, of the
first channel, and the maximum of the second. distance.onnx takes two [N,1,H,W] to their mean absolute difference.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

HERE = Path(__file__).parent / 'backbones'


class Features(nn.Module):
    def forward(self, image: Tensor) -> Tensor:
        first, second = image[:, 0], image[:, 1]
        right = (first[:, :, 1:] - first[:, :, :-1]).abs().mean((1, 2))
        below = (first[:, 1:] - first[:, :-1]).abs().mean((1, 2))
        return torch.stack([first.mean((1, 2)), right, below, second.amax((1, 2))], 1)


class Distance(nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return (a - b).abs().mean((1, 2, 3))


def export(model: nn.Module, shapes: dict[str, int], name: str) -> None:
    images = tuple(torch.zeros(2, channels, 8, 8) for channels in shapes.values())
    axes = {key: {0: 'N', 2: 'H', 3: 'W'} for key in shapes}
    torch.onnx.export(
        model,
        images,
        HERE / name,
        dynamo=False,
        opset_version=17,
        input_names=list(shapes),
        output_names=['out'],
        dynamic_axes={**axes, 'out': {0: 'N'}},
    )


if __name__ == '__main__':
    HERE.mkdir(exist_ok=True)
    export(Features(), {'image': 3}, 'features.onnx')
    export(Distance(), {'a': 1, 'b': 1}, 'distance.onnx')
