"""Copies of a bundle in other precisions, for bench/generation.ts.

Usage: python precisions.py BUNDLE_DIR FILM OUT_DIR

Writes the bundles OUT_DIR/fp16 and OUT_DIR/int8: float16 weights and arithmetic (float32 at the graph's ends), and int8 weights and
activations of convolutions and matrix layers (QDQ, per channel). FILM is a radiograph, float32 [1, 1, 256, 256]; the ranges of the
activations are those seen while slices are generated from it. Prints one line of JSON: for each precision, the Cast nodes that ONNX
Runtime runs in the denoiser after optimising it for the CPU.
"""

import hashlib
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.transformers.float16 import convert_float_to_float16

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / 'training'))

from osteograph_training.config import ScheduleConfig  # noqa: E402
from osteograph_training.features import FEATURE_WIDTH  # noqa: E402
from osteograph_training.sampler import ddim, depths, shared_noise  # noqa: E402

#: Slices and steps whose activations are looked at.
SLICES, STEPS = 5, 6

Inputs = dict[str, np.ndarray]


class Seen(CalibrationDataReader):
    """Inputs of a graph, one set after the other."""

    def __init__(self, sets: list[Inputs]) -> None:
        self.rest: Iterator[Inputs] = iter(sets)

    def get_next(self) -> Inputs | None:
        return next(self.rest, None)


def unpacked(path: Path, folder: Path) -> Path:
    """The graph with its weights as float32, which the bundle stores as int8."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(folder / path.name)
    onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    return folder / path.name


def inputs_while_generating(bundle: Path, manifest: dict, film: np.ndarray) -> dict[str, list[Inputs]]:
    """What each graph of the bundle is given while slices are generated."""
    sessions = {
        role: onnxruntime.InferenceSession(bundle / entry['file'], providers=['CPUExecutionProvider']) for role, entry in manifest['graphs'].items()
    }
    seen: dict[str, list[Inputs]] = {role: [] for role in sessions}

    def run(role: str, inputs: Inputs) -> np.ndarray:
        seen[role].append(inputs)
        return sessions[role].run(None, inputs)[0]

    schedule = manifest['schedule']
    config = ScheduleConfig(
        train_steps=schedule['trainSteps'],
        beta_schedule=schedule['betaSchedule'],
        beta_start=schedule['betaStart'],
        beta_end=schedule['betaEnd'],
        spacing=schedule['spacing'],
        final_alpha=schedule['finalAlpha'],
    )
    condition = run('xrayEncoder', {'xray': film}).repeat(SLICES, axis=0) * np.float32(manifest['latent']['conditionScale'])
    given = {'xray_latent': condition, 'depth': depths(SLICES).numpy(), 'features': np.zeros((SLICES, FEATURE_WIDTH), np.float32)}

    def predict(sample: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(run('denoiser', {'sample': sample.numpy(), 'timestep': timestep.numpy(), **given}))

    latent = ddim(predict, shared_noise(7, SLICES), config, STEPS)
    run('decoder', {'latent': (latent / manifest['latent']['scaleFactor']).numpy()})
    return seen


def write_bundle(out: Path, manifest: dict, graphs: dict[str, onnx.ModelProto]) -> None:
    out.mkdir(parents=True)
    entries = {}
    for role, entry in manifest['graphs'].items():
        content = graphs[role].SerializeToString()
        (out / entry['file']).write_bytes(content)
        entries[role] = entry | {'sha256': hashlib.sha256(content).hexdigest()}
    (out / 'bundle.json').write_text(json.dumps(manifest | {'graphs': entries}), encoding='utf-8')


def casts(path: Path, folder: Path) -> int:
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(folder / 'optimised.onnx')
    options.log_severity_level = 3
    onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    return sum(node.op_type == 'Cast' for node in onnx.load(folder / 'optimised.onnx').graph.node)


def main() -> None:
    # The quantiser advises, at every graph, to preprocess it; `unpacked` has.
    logging.getLogger().setLevel(logging.ERROR)
    bundle, film_path, out = map(Path, sys.argv[1:])
    manifest = json.loads((bundle / 'bundle.json').read_text(encoding='utf-8'))
    film = np.fromfile(film_path, '<f4').reshape(1, 1, 256, 256)
    seen = inputs_while_generating(bundle, manifest, film)
    half, whole = {}, {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        for role, entry in manifest['graphs'].items():
            path = unpacked(bundle / entry['file'], folder)
            half[role] = convert_float_to_float16(onnx.load(path), keep_io_types=True)
            quantised = folder / f'{role}-int8.onnx'
            quantize_static(
                path,
                quantised,
                Seen(seen[role]),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=['Conv', 'Gemm'],
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
            whole[role] = onnx.load(quantised)
        write_bundle(out / 'fp16', manifest, half)
        write_bundle(out / 'int8', manifest, whole)
        denoiser = manifest['graphs']['denoiser']['file']
        print(json.dumps({kind: casts(out / kind / denoiser, folder) for kind in ('fp16', 'int8')}), flush=True)


if __name__ == '__main__':
    main()
