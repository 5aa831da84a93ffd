"""Writes noise.json: known answers of src/inference/noise.ts. Run: python test/golden/noise.py"""

import hashlib
import json
from pathlib import Path

import numpy as np
from noise_reference import gaussian_noise, philox4x32

# From Random123's kat_vectors (Salmon et al.), philox4x32 with 10 rounds: counter, key, answer.
KNOWN = [
    ([0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]
DRAWS = [(0, 0, 0), (7, 0, 0), (7, 49, 0), (7, 3, 20), (2**32 + 5, 1, 1), (2**53 - 1, 499, 2000)]

for counter, key, answer in KNOWN:
    assert philox4x32(np.array([counter], dtype=np.uint64), tuple(key))[0].tolist() == answer

draws = []
for seed, slice_index, step in DRAWS:
    values = gaussian_noise(seed, slice_index, step, 4096)
    draws.append(
        {
            'seed': seed,
            'slice': slice_index,
            'step': step,
            'first': [float(value) for value in values[:6]],
            'sha256': hashlib.sha256(values.astype('<f4').tobytes()).hexdigest(),
        }
    )

known = [{'counter': counter, 'key': key, 'answer': answer} for counter, key, answer in KNOWN]
text = json.dumps({'count': 4096, 'known': known, 'draws': draws}, indent=1)
Path(__file__).with_suffix('.json').write_text(text + '\n')
