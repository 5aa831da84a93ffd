import { type Side, sideLetter } from '../../domain/participants.js';
import { dicomUid, encodeDicom } from '../../imaging/dicom/write.js';
import type { DicomKeywords } from '../../imaging/dicom/write.js';
import { renderMri, SERIES } from './mri.js';
import type { KneePhantom } from './phantom.js';
import { KNEE_X } from './placement.js';
import { Random } from './random.js';
import { type KneeScan, scanKnee } from './scan.js';
import { PROTONS, type Scanner } from './scanners.js';
import { SEQUENCE } from './tissues.js';

/** A series of a canonical knee on its way into files. */
export interface KneeSeries extends KneeScan {
  /** What took it; null for the release's usual scanner, whose images are drawn without a scanner's faults. */
  readonly scanner: Scanner | null;
}

/** Whose series it is, and the elements that all files of a visit share. */
export interface SeriesIdentity {
  readonly common: DicomKeywords;
  readonly side: Side;
  readonly seed: number;
  readonly barcode: string;
}

/** The series of a knee by the scanner that a release has, or by the usual one. @param keys what the random streams are named by */
export function seriesOf(
  phantom: KneePhantom,
  side: Side,
  keys: readonly (number | string)[],
  { scanner, compact }: { scanner?: Scanner | undefined; compact: boolean },
): KneeSeries {
  if (scanner) return { ...scanKnee(phantom, scanner, side, keys), scanner };
  const { size, slices } = renderMri(phantom, compact ? 256 : 512, new Random(...keys, 'mri'));
  return {
    ...{ scanner: null, size, slices: slices.length, thickness: SERIES.thickness },
    depthOf: (index) => SERIES.firstDepth + index * SERIES.thickness,
    slice: (index) => Promise.resolve(slices[index]!),
  };
}

/** The files of a series, slices posterior to anterior, one after the other. Left knees are the mirror image of the canonical right knee. */
export async function* mriFiles(
  series: KneeSeries,
  { common, side, seed, barcode }: SeriesIdentity,
): AsyncGenerator<Uint8Array> {
  const { size, thickness, scanner } = series;
  const spacing = SERIES.fieldOfView / size;
  const half = SERIES.fieldOfView / 2 - spacing / 2;
  const own = scanner ? [scanner.name] : [];
  for (let index = 0; index < series.slices; index++) {
    const slice = await series.slice(index);
    const position = -series.depthOf(index);
    yield encodeDicom({
      pixels: side === 'RIGHT' ? slice : mirrored(slice, size),
      rows: size,
      columns: size,
      photometric: 'MONOCHROME2',
      bitsStored: 12,
      sopClass: 'MR',
      sopInstanceUid: dicomUid('osteograph synthetic', seed, barcode, index, ...own),
      elements: {
        ...common,
        Modality: 'MR',
        BodyPartExamined: 'KNEE',
        Laterality: sideLetter(side),
        MagneticFieldStrength: scanner?.field ?? 3,
        ScanningSequence: 'GR',
        SequenceVariant: 'SP',
        ScanOptions: 'WE',
        MRAcquisitionType: '3D',
        SliceThickness: thickness,
        SpacingBetweenSlices: thickness,
        RepetitionTime: SEQUENCE.repetitionTime,
        EchoTime: SEQUENCE.echoTime,
        FlipAngle: SEQUENCE.flipAngle,
        EchoNumbers: 1,
        PatientPosition: 'FFS',
        InstanceNumber: index + 1,
        ImagePositionPatient: [KNEE_X[side] - half, position, half],
        ImageOrientationPatient: [1, 0, 0, 0, 0, -1],
        SliceLocation: -position,
        PixelSpacing: [spacing, spacing],
        WindowCenter: 330,
        WindowWidth: 660,
        ...(scanner ? scannerElements(scanner) : {}),
      },
    });
  }
}

/** What the files of a scanner's series say besides; ND: its gradients' distortion is still in them. */
function scannerElements({ name, field, bandwidth }: Scanner): DicomKeywords {
  return {
    ManufacturerModelName: `Synthetic ${name}`,
    ImageType: ['ORIGINAL', 'PRIMARY', 'M', 'ND'],
    ImagingFrequency: Number((PROTONS * field).toFixed(3)),
    PixelBandwidth: bandwidth,
    InPlanePhaseEncodingDirection: 'ROW',
  };
}

function mirrored(slice: Uint16Array, size: number): Uint16Array {
  const out = new Uint16Array(slice.length);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) out[row * size + column] = slice[row * size + size - 1 - column]!;
  }
  return out;
}
