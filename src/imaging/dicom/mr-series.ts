import type { MriAcquisition } from '../../domain/acquisition.js';
import type { Volume } from '../volume.js';
import { affineInDicom, ascii, decimal, length, type SeriesHeader, seriesElements, unit } from './series-elements.js';
import { dicomUid, encodeDicom, type DicomKeywords } from './write.js';

const { max, min, round } = Math;

/** What an MR series says of itself beside its pixels. */
export interface MrSeriesHeader extends SeriesHeader {
  /** How a scanner took it; null where that is not known, or nothing did. */
  readonly acquisition: MriAcquisition | null;
  /** Where the image comes from, for programs: JSON. */
  readonly provenance?: string | undefined;
}

/** Part of every UID: files of one identity that say other things need other UIDs. */
const LAYOUT = 'mr-series 3';

/** UIDs of study and series that {@link encodeMrSeries} gives, without the volume. */
export function uidsOfMrSeries(header: Pick<MrSeriesHeader, 'identity'>): { studyUid: string; seriesUid: string } {
  return { studyUid: uidOf(header, 'study'), seriesUid: uidOf(header, 'series') };
}

function uidOf({ identity }: Pick<MrSeriesHeader, 'identity'>, ...parts: (string | number)[]): string {
  return dicomUid('osteograph', LAYOUT, ...identity, ...parts);
}

/**
 * A volume as a DICOM series of MR Image Storage, one file per slice in the volume's order. Positions and directions are the
 * affine's, turned from RAS to DICOM's LPS. The same volume and header give the same bytes.
 *
 * @param only which slices; absent for all
 */
export function* encodeMrSeries(
  volume: Volume,
  header: MrSeriesHeader,
  only?: ReadonlySet<number>,
): Generator<Uint8Array> {
  const { columns, rows, slices } = volume;
  const { pixels, slope, intercept } = storedPixels(volume.data);
  const { right, down, step, origin } = affineInDicom(volume.affine);
  const shared = { ...seriesElements(header), ...mrElements(header) };
  const uid = (...parts: (string | number)[]) => uidOf(header, ...parts);
  const { low, high } = header.window;
  for (let index = 0; index < slices; index++) {
    if (only && !only.has(index)) continue;
    const size = rows * columns;
    const position = origin.map((value, axis) => value + index * step[axis]!);
    yield encodeDicom({
      pixels: pixels.subarray(index * size, (index + 1) * size),
      rows,
      columns,
      photometric: 'MONOCHROME2',
      bitsStored: 16,
      sopClass: 'MR',
      sopInstanceUid: uid('instance', index),
      elements: {
        ...shared,
        StudyInstanceUID: uid('study'),
        SeriesInstanceUID: uid('series'),
        FrameOfReferenceUID: uid('frame'),
        InstanceNumber: index + 1,
        ImagesInAcquisition: slices,
        ImagePositionPatient: position.map(decimal),
        ImageOrientationPatient: [...unit(right), ...unit(down)].map(decimal),
        PixelSpacing: [length(down), length(right)].map(decimal),
        SliceThickness: decimal(length(step)),
        SpacingBetweenSlices: decimal(length(step)),
        SliceLocation: decimal(index * length(step)),
        WindowCenter: decimal((low + high) / 2),
        WindowWidth: decimal(max(high - low, 1)),
        RescaleIntercept: scientific(intercept),
        RescaleSlope: scientific(slope),
        RescaleType: 'US',
      },
      ...(header.provenance === undefined ? {} : { privateText: ascii(header.provenance) }),
    });
  }
}

/** Of most of these an imported volume keeps nothing, and they mean nothing of a generated one. */
function mrElements({ seriesDescription, acquisition }: MrSeriesHeader): DicomKeywords {
  return {
    ImageType: ['DERIVED', 'SECONDARY', 'OTHER'],
    ScanningSequence: 'RM',
    SequenceVariant: 'NONE',
    ScanOptions: '',
    MRAcquisitionType: /3D|FLASH|DESS/i.test(seriesDescription) ? '3D' : '',
    EchoTrainLength: '',
    ...acquisitionElements(acquisition),
  };
}

/** Repetition and echo time are type 2: they stand there empty. */
function acquisitionElements(acquisition: MriAcquisition | null): DicomKeywords {
  const elements = {
    InversionTime: acquisition?.inversionTime,
    FlipAngle: acquisition?.flipAngle,
    MagneticFieldStrength: acquisition?.fieldStrength,
    PixelBandwidth: acquisition?.pixelBandwidth,
    NumberOfAverages: acquisition?.averages,
    ReceiveCoilName: acquisition?.receiveCoil?.slice(0, 16),
  };
  return {
    RepetitionTime: acquisition?.repetitionTime ?? '',
    EchoTime: acquisition?.echoTime ?? '',
    ...Object.fromEntries(Object.entries(elements).filter(([, value]) => value !== null && value !== undefined)),
  };
}

/** Voxels as 16-bit numbers, and how the value comes back from them: stored x slope + intercept. */
function storedPixels(data: Volume['data']): { pixels: Uint16Array | Int16Array; slope: number; intercept: number } {
  if (!(data instanceof Float32Array)) return { pixels: data, slope: 1, intercept: 0 };
  const [low, high] = data.reduce(
    ([least, most], value) => [min(least, value), max(most, value)],
    [Infinity, -Infinity],
  );
  const slope = (high - low) / 65_535 || 1;
  return { pixels: Uint16Array.from(data, (value) => round((value - low) / slope)), slope, intercept: low };
}

/** The same for numbers of any size: ten digits. */
function scientific(value: number): string {
  const short = String(value);
  return short.length <= 16 ? short : value.toExponential(9);
}
