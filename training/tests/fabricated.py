"""Writes a tiny OAI-shaped release with pydicom (bilateral films and COR T1 3D FLASH series of random shapes), and prepared arrays."""

import json
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from osteograph_training.config import Config
from osteograph_training.dataset import Split
from osteograph_training.film_split import read_film_split

FILM_ROWS, FILM_COLUMNS = 200, 400
BOX_SIDE = 120


def write_release(root: Path, participants: list[str]) -> None:
    contents = ['Folder,ParticipantID,StudyDate,Barcode,StudyDescription,SeriesDescription']
    truth = ['ID,VISIT,SIDE,FILM_BARCODE,MR_BARCODE,CENTRE_COL_PX,CENTRE_ROW_PX,PLATEAU_WIDTH_PX,BOX_LEFT,BOX_TOP,BOX_SIDE']
    grades = ['ID|SIDE|READPRJ|VERSION|V00BARCDBU|V00XRKL|V00XRJSM|V00XRCHM']
    for number, participant in enumerate(participants):
        rng = np.random.default_rng(number)
        film = f'0.C.2/{participant}/20050101/0010000{number}'
        contents.append(f'{film},{participant},20050101,0010000{number},OAI^XRAY,Bilateral PA Fixed Flexion Knee')
        write_film(root / '00m' / film, participant, rng)
        for place, (side, code) in enumerate((('RIGHT', '1: Right'), ('LEFT', '2: Left'))):
            series = f'0.C.2/{participant}/20050101/1020{place}00{number}'
            contents.append(f'{series},{participant},20050101,1020{place}00{number},OAI^MR,COR_T1_3D_FLASH_{side}')
            write_series(root / '00m' / series, participant, rng, marker_column=10 if side == 'RIGHT' else 245)
            left = 40 + 200 * place
            truth.append(f'{participant},V00,{side},,,{left + 60},100,98,{left},40,{BOX_SIDE}')
            grades.append(f'{participant}|{code}|15|0.9|x|{number % 5}|1.4|.: Missing Form/Incomplete Workbook')
            grades.append(f'{participant}|{code}|37|0.9|x|4|0|1')
    (root / 'tables').mkdir(parents=True)
    (root / '00m' / 'contents.csv').write_text('\n'.join(contents) + '\n')
    (root / 'synthetic-truth.csv').write_text('\n'.join(truth) + '\n')
    (root / 'tables' / 'kXR_SQ_BU00.txt').write_bytes('\r\n'.join(grades).encode() + b'\r\n')


def write_prepared(folder: Path, config: Config, each: int = 2) -> None:
    """Participants' knees of random boxes, `each` in every part of the split."""
    split = Split(config.data.split_seed, config.data.validation, config.data.test)
    wanted = {'train': each, 'validation': each, 'test': each}
    number = 1000001
    rng = np.random.default_rng(0)
    while any(wanted.values()):
        part = split.part_of(str(number))
        if wanted[part]:
            wanted[part] -= 1
            name = f'{number}_V00_R'
            mri = np.zeros((50, 256, 256), dtype=np.uint8)
            row, column = rng.integers(40, 160, size=2)
            mri[:, row : row + 60, column : column + 60] = 200
            film = np.zeros((320, 320), dtype=np.uint16)
            film[row : row + 60, column : column + 60] = 60000
            np.save(folder / f'{name}.mri.npy', mri)
            np.save(folder / f'{name}.film.npy', film)
            features = np.zeros(65)
            features[number % 5] = 1
            record = {'participant': str(number), 'visit': 'V00', 'side': 'R', 'kl': number % 5, 'features': features.tolist()}
            (folder / f'{name}.json').write_text(json.dumps(record))
        number += 1


def write_film(folder: Path, participant: str, rng: np.random.Generator) -> None:
    """A dark-is-bone film whose right half (the patient's left knee) holds one bright bar near its outer edge."""
    pixels = rng.integers(2000, 2200, (FILM_ROWS, FILM_COLUMNS)).astype(np.uint16)
    pixels[90:110, 60:140] -= 1500
    pixels[90:110, 260:340] -= 1500
    dataset = _dataset(participant, pixels, 'Bilateral PA Fixed Flexion Knee', 'MONOCHROME1')
    _save(folder / '001', dataset)


def write_series(folder: Path, participant: str, rng: np.random.Generator, marker_column: int) -> None:
    """80 slices, stored front to back, whose brightness grows from back to front; one bright column marks the side."""
    for index in range(80):
        pixels = rng.integers(0, 20, (256, 256)).astype(np.uint16) + 5 * index
        pixels[:, marker_column] = 3000
        dataset = _dataset(participant, pixels, 'COR_T1_3D_FLASH', 'MONOCHROME2')
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
        dataset.ImagePositionPatient = [0, 60 - 1.5 * index, 80]
        _save(folder / f'{80 - index:03d}', dataset)


def _dataset(participant: str, pixels: np.ndarray, description: str, photometric: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = MRImageStorage
    dataset.SOPInstanceUID = generate_uid()
    dataset.PatientID = participant
    dataset.SeriesDescription = description
    dataset.PhotometricInterpretation = photometric
    dataset.SamplesPerPixel = 1
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 0
    dataset.PixelData = pixels.tobytes()
    return dataset


def _save(path: Path, dataset: Dataset) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)


def write_crops(folder: Path) -> Path:
    """Crops of one knee of invented shape, both knees of two people for training and of one for the test, with index.csv."""
    rows = ['file,participant,side,kl']
    people = read_film_split()
    chosen = [[name for name, part in people.items() if part == wanted][:count] for wanted, count in (('train', 2), ('test', 1))]
    (folder / 'kl0').mkdir(parents=True)
    for number, participant in enumerate(name for names in chosen for name in names):
        for side in ('R', 'L'):
            image = np.full((224, 224), 60.0)
            image[:124, 14:210] = 180
            image[132:, 22:202] = 180
            image += np.random.default_rng(number).normal(0, 2, image.shape)
            file = f'kl0/{participant}{side}.png'
            # One of the collection's is stored with bone dark.
            stored = 255 - image if number == 0 and side == 'L' else image
            Image.fromarray(stored.clip(0, 255).astype(np.uint8)).save(folder / file)
            rows.append(f'{file},{participant},{side},0')
    (folder / 'index.csv').write_text('\n'.join(rows) + '\n')
    return folder
