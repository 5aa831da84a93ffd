"""PyTorch's side of bench/generation.ts: the same networks, weights, steps and threads, eager or through torch.compile.

Usage: python rival.py CONFIG BUNDLE_DIR THREADS

Exports the networks of a training configuration with random weights to BUNDLE_DIR, as the training package exports a trained one, with
a plain convolution in each of a few sizes beside them, and prints one line of JSON about them. Then it answers each line on standard
input, a JSON object {"how", "slices", "steps", "batch", "seed", "images"?}, with one: {"seconds", "denoiserSeconds"} that the volume took,
or {"error"}. The slices go to the file "images" as float32 in [0, 1].
"""

import json
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / 'training'))

from osteograph_training.config import load_config  # noqa: E402
from osteograph_training.evaluate import VolumeGenerator  # noqa: E402
from osteograph_training.export import export_untrained  # noqa: E402
from osteograph_training.features import FEATURE_WIDTH  # noqa: E402
from osteograph_training.onnx_graphs import OPSET  # noqa: E402
from osteograph_training.sampler import ddim, depths, shared_noise  # noqa: E402

#: Rows, channels and side of the convolutions among which the machine's best is looked for: sizes of the denoiser, and larger ones.
CONVOLUTIONS = ((10, 64, 32), (10, 128, 16), (10, 128, 32), (10, 256, 32))


class Rival:
    """The networks, and how long each part of a volume takes them."""

    def __init__(self, generator: VolumeGenerator) -> None:
        self.schedule = generator.config.schedule
        self.encoder = generator.model.xray_encoder
        self.scale = generator.scale
        denoiser, decoder = generator.model.denoiser, generator.autoencoder.decoding()
        self.ways = {
            'eager': (denoiser, decoder),
            'compile': (torch.compile(denoiser, dynamic=False), torch.compile(decoder, dynamic=False)),
        }

    @torch.inference_mode()
    def generate(self, how: str, slices: int, steps: int, batch: int, seed: int, images: str | None = None) -> dict[str, float]:
        """A volume from a grey radiograph without grades, batch by batch."""
        denoiser, decoder = self.ways[how]
        start, denoising = time.perf_counter(), 0.0
        radiograph = self.encoder(torch.zeros(1, 1, 256, 256))
        parts = []
        for first in range(0, slices, batch):
            depth = depths(slices)[first : first + batch]
            began = time.perf_counter()
            latent = self._denoise(denoiser, radiograph, depth, steps, seed)
            denoising += time.perf_counter() - began
            parts.append(((decoder(latent / self.scale) + 1) / 2).clamp(0, 1).squeeze(1))
        volume = torch.cat(parts).numpy()
        seconds = time.perf_counter() - start
        if images is not None:
            Path(images).write_bytes(volume.astype('<f4').tobytes())
        return {'seconds': seconds, 'denoiserSeconds': denoising}

    def _denoise(self, denoiser: nn.Module, radiograph: torch.Tensor, depth: torch.Tensor, steps: int, seed: int) -> torch.Tensor:
        count = len(depth)
        condition, features = radiograph.repeat(count, 1, 1, 1), torch.zeros(count, FEATURE_WIDTH)

        def predict(sample: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
            return denoiser(sample, timestep, condition, depth, features)

        return ddim(predict, shared_noise(seed, count), self.schedule, steps)


def operations(denoiser: nn.Module) -> int:
    """Floating-point operations of one step of one slice in convolutions and matrix products, two for each multiply-add."""
    latent, scalar = torch.zeros(1, 4, 32, 32), torch.zeros(1)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        denoiser(latent, scalar, latent, scalar, torch.zeros(1, FEATURE_WIDTH))
    return counter.get_total_flops()


def write_convolution(folder: Path, rows: int, channels: int, side: int) -> dict:
    """A graph of one 3 x 3 convolution, as wide at its output as at its input."""
    weights = np.random.default_rng(1).standard_normal((channels, channels, 3, 3), np.float32) / channels
    values = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ['B', channels, side, side]) for name in ('x', 'y')]
    node = helper.make_node('Conv', ['x', 'weights'], ['y'], pads=[1, 1, 1, 1])
    graph = helper.make_graph([node], 'convolution', values[:1], values[1:], [numpy_helper.from_array(weights, 'weights')])
    path = folder / f'convolution-{channels}-{side}.onnx'
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid('', OPSET)], ir_version=8), path)
    dims = [rows, channels, side, side]
    return {'file': str(path), 'dims': dims, 'operations': 2 * 9 * channels * int(np.prod(dims))}


def main() -> None:
    config_path, bundle_dir, threads = sys.argv[1:]
    config, folder = load_config(Path(config_path)), Path(bundle_dir)
    # Both make their networks from the configuration's seed; the export rounds the weights to what it stores, so these are rounded too.
    generator = VolumeGenerator(None, untrained=config)
    generator.round_as_stored()
    with redirect_stdout(sys.stderr):
        export_untrained(config, folder, 'bench-generation', '1.0.0', 20)
    torch.set_num_threads(int(threads))
    rival = Rival(generator)
    convolutions = [write_convolution(folder, *sizes) for sizes in CONVOLUTIONS]
    print(json.dumps({'operations': operations(generator.model.denoiser), 'convolutions': convolutions}), flush=True)
    for line in sys.stdin:
        try:
            answer = rival.generate(**json.loads(line))
        except Exception as error:
            answer = {'error': str(error).strip().splitlines()[0]}
        print(json.dumps(answer), flush=True)


if __name__ == '__main__':
    main()
