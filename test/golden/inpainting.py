"""Writes tiny-inpaint-bundle/ (task mri-inpainting, a small random network by the training package's own export) and inpainting.json: slices by a
formula, their smooth fill, and what PyTorch makes of them in 1 and 4 steps. Run: python test/golden/inpainting.py
"""

import json
from pathlib import Path

import torch

from osteograph_training.inpainting.export import invented, write_bundle
from osteograph_training.inpainting.fill import filled, filled_inside, pulled_and_pushed
from osteograph_training.inpainting.network import Inpainter, InpainterConfig, hidden, inpaint
from osteograph_training.networks.shift_unet import Shape
from osteograph_training.onnx_graphs import round_weights

HERE = Path(__file__).parent
ROWS, COLUMNS, GAP = 48, 64, 6.4


def network() -> Inpainter:
    stream = torch.Generator().manual_seed(5)
    made = Inpainter(Shape(widths=(8, 8, 8), blocks=1, middle=1)).eval()
    for parameter in made.parameters():
        parameter.data = 0.15 * torch.randn(parameter.shape, generator=stream)
    made.tail.weight.data *= 0.05
    round_weights(made)
    return made


def fills() -> list[dict]:
    """Smooth fills of a rectangle, of a whole lost slice, and of one whose next neighbours are lost too; every fourth row and column."""
    window, masks = invented(ROWS, COLUMNS)
    lost, alone = masks.clone(), masks.clone()
    lost[:, 2] = 1
    alone[:, 1:4] = 1
    cases = {'rectangle': masks, 'lost': lost, 'alone': alone}
    return [
        {'name': name, **{kind: fill(window, mask)[0, 0, ::4, ::4].tolist() for kind, fill in (('filled', filled), ('inside', filled_inside))}}
        for name, mask in cases.items()
    ]


def pushed() -> list[list[float]]:
    """Pull-push on odd sizes of a slope of which a fifth is known."""
    rows, columns = torch.meshgrid(torch.arange(21.0), torch.arange(13.0), indexing='ij')
    known = ((rows * 13 + columns) % 5 == 0).float()
    return pulled_and_pushed((rows / 10 - columns / 7)[None, None], known[None, None])[0, 0].tolist()


if __name__ == '__main__':
    made = network()
    content = {'config': InpainterConfig().to_dict(), 'step': 0, 'commit': 'none', 'films': 0, 'people': 0, 'seconds': 0}
    write_bundle(made, content, HERE / 'tiny-inpaint-bundle', 'tiny-inpaint', '1.0.0', [], None)
    given = hidden(*invented(ROWS, COLUMNS), torch.tensor([GAP]))
    golden = {
        'pushed': pushed(),
        'fills': fills(),
        'inpainted': [{'steps': steps, 'clean': inpaint(made, given, steps)[0, 0, ::5, ::8].tolist()} for steps in (1, 4)],
    }
    (HERE / 'inpainting.json').write_text(json.dumps(golden, indent=1) + '\n')
