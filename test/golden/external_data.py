"""Writes external-data/: tiny-bundle's denoiser with its weights in a file of their own. Run: python test/golden/external_data.py"""

from pathlib import Path

import onnx

HERE = Path(__file__).parent

if __name__ == '__main__':
    folder = HERE / 'external-data'
    folder.mkdir(exist_ok=True)
    (folder / 'denoiser.onnx.data').unlink(missing_ok=True)
    onnx.save_model(
        onnx.load(HERE / 'tiny-bundle' / 'denoiser.onnx'),
        folder / 'denoiser.onnx',
        save_as_external_data=True,
        location='denoiser.onnx.data',
        size_threshold=1024,
    )
