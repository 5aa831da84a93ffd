"""The form in which networks are exported: the same numbers as PyTorch, from operators that ONNX Runtime runs fast."""

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from osteograph_training.networks import Autoencoder, Denoiser
from osteograph_training.networks.blocks import ResidualBlock, SelfAttention, group_norm
from osteograph_training.onnx_graphs import export_graph, round_weights


def randomised(module: nn.Module) -> nn.Module:
    """Every parameter random, norms and zeroed layers too: each must count."""
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(std=0.2 if parameter.ndim > 1 else 1.0)
    round_weights(module)
    return module.eval()


def export(module: nn.Module, examples: list[torch.Tensor], path: Path) -> Path:
    export_graph(module, examples, [f'input{index}' for index in range(len(examples))], ['output'], path, {})
    return path


def run(path: Path, inputs: list[torch.Tensor]) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    return session.run(None, {f'input{index}': tensor.numpy() for index, tensor in enumerate(inputs)})[0]


def operators(path: Path, level: onnxruntime.GraphOptimizationLevel, folder: Path) -> Counter[str]:
    """What ONNX Runtime makes of a graph for the CPU."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.optimized_model_filepath = str(folder / 'optimised.onnx')
    options.log_severity_level = 3
    onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    return Counter(node.op_type for node in onnx.load(folder / 'optimised.onnx').graph.node)


def denoiser_inputs(rows: int) -> list[torch.Tensor]:
    random = torch.Generator().manual_seed(rows)
    latents = [torch.randn(rows, 4, 32, 32, generator=random) for _ in range(2)]
    return [latents[0], torch.linspace(900, 1999, rows), latents[1], torch.linspace(0, 1, rows), torch.randn(rows, 5, generator=random)]


@pytest.fixture(scope='module')
def denoiser(tmp_path_factory: pytest.TempPathFactory) -> tuple[nn.Module, Path]:
    network = randomised(Denoiser(5, channels=(32, 48, 64), embedding=32, heads=2, blocks=1))
    return network, export(network, denoiser_inputs(2), tmp_path_factory.mktemp('denoiser') / 'denoiser.onnx')


@pytest.mark.parametrize('rows', [1, 3])
def test_an_exported_denoiser_computes_what_pytorch_computes(denoiser: tuple[nn.Module, Path], rows: int) -> None:
    network, path = denoiser
    inputs = denoiser_inputs(rows)
    with torch.no_grad():
        expected = network(*inputs).numpy()
    assert np.abs(run(path, inputs) - expected).max() <= 1e-5 * np.abs(expected).max()


def test_an_exported_decoder_computes_what_pytorch_computes(tmp_path: Path) -> None:
    network = randomised(Autoencoder(16, 32)).decoding()
    latent = torch.randn(3, 4, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = network(latent).numpy()
    assert np.abs(run(export(network, [latent[:2]], tmp_path / 'decoder.onnx'), [latent]) - expected).max() <= 1e-5


def test_exported_graphs_hold_standard_operators_only(denoiser: tuple[nn.Module, Path]) -> None:
    assert {node.domain for node in onnx.load(denoiser[1]).graph.node} == {''}


def test_a_running_denoiser_computes_no_shapes(denoiser: tuple[nn.Module, Path], tmp_path: Path) -> None:
    found = operators(denoiser[1], onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC, tmp_path)
    assert not found.keys() & {'Shape', 'Gather'}


@pytest.mark.parametrize('side', [4, 32])
def test_pixels_are_shuffled_as_pytorch_does_whether_rows_are_short_or_long(side: int, tmp_path: Path) -> None:
    x = torch.randn(2, 12, side, side + 2)
    path = export(nn.PixelShuffle(2), [x], tmp_path / 'shuffle.onnx')
    assert np.array_equal(run(path, [x]), F.pixel_shuffle(x, 2).numpy())


def test_every_group_norm_of_a_denoiser_is_one_the_runtime_shares_among_threads(denoiser: tuple[nn.Module, Path]) -> None:
    network, path = denoiser
    found = Counter(node.op_type for node in onnx.load(path).graph.node)
    assert found['InstanceNormalization'] == 0
    assert found['LayerNormalization'] == sum(isinstance(part, nn.GroupNorm) for part in network.modules())


def test_the_runtime_adds_every_residual_inside_the_convolution_before_it(denoiser: tuple[nn.Module, Path], tmp_path: Path) -> None:
    network, path = denoiser
    operators(path, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL, tmp_path)
    optimised = onnx.load(tmp_path / 'optimised.onnx').graph.node
    adding = [node for node in optimised if node.op_type == 'Conv' and len(node.input) == 4]
    assert len(adding) == sum(isinstance(part, ResidualBlock | SelfAttention) for part in network.modules())


def test_an_embedding_scales_and_shifts_what_the_second_norm_gives() -> None:
    block = randomised(ResidualBlock(16, 16, 8))
    x, embedding = torch.randn(2, 16, 6, 6), torch.randn(2, 8)
    scale, shift = block.embed(embedding)[:, :, None, None].chunk(2, dim=1)
    hidden = block.norm2(block.conv1(F.silu(block.norm1(x)))) * (1 + scale) + shift
    torch.testing.assert_close(block(x, embedding), x + block.conv2(F.silu(hidden)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('affine', [True, False])
def test_group_norm_is_exported_with_and_without_its_own_scale_and_shift(affine: bool, tmp_path: Path) -> None:
    class Norm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = group_norm(32)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.norm(x) if affine else F.group_norm(x, self.norm.num_groups)

    network, x = randomised(Norm()), 3 + 5 * torch.randn(2, 32, 4, 6)
    with torch.no_grad():
        expected = network(x).numpy()
    np.testing.assert_allclose(run(export(network, [x], tmp_path / 'norm.onnx'), [x]), expected, rtol=1e-5, atol=1e-5)
