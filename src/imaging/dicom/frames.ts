import type { DataSet } from 'dicom-parser';
import { refuseFile } from '../refuse.js';
import { type DicomAttributes, readNumbers, toOrientation, toSpacing, toVector } from './attributes.js';

/** The frames of one file may be as many as this; a knee has 2,000 with eight echoes. */
const MAX_FRAMES = 5_000;

const SHARED = 'x52009229';
const PER_FRAME = 'x52009230';

/** Functional groups of Enhanced MR (PS3.3 C.8.14): sequence, each with one item, and what is read of it. */
const GROUPS = {
  content: 'x00209111',
  position: 'x00209113',
  orientation: 'x00209116',
  measures: 'x00289110',
  transformation: 'x00289145',
  echo: 'x00189114',
  timing: 'x00189112',
  frameType: 'x00189226',
} as const;

/** What an image of several frames cannot say of each of them outside of its functional groups. */
const OF_NO_FRAME = {
  ...{ instanceNumber: null, acquisitionNumber: null, echoNumber: null, echoTime: null },
  ...{ sliceLocation: null, sliceThickness: null, position: null, orientation: null },
};

/**
 * The headers of the frames of an enhanced image, each as that of an image of its own; null for an image without functional groups.
 *
 * @throws UserError FILE_REFUSED when they are not as many as the frames, or hold what is no number
 */
export function readFrames(dataSet: DataSet, whole: DicomAttributes, name: string): DicomAttributes[] | null {
  const items = dataSet.elements[PER_FRAME]?.items;
  if (!items || (whole.frames === 1 && items.length !== 1)) return null;
  if (whole.frames > MAX_FRAMES) refuseFile(name, `holds ${whole.frames} frames; at most ${MAX_FRAMES} are read`);
  if (items.length !== whole.frames) {
    refuseFile(name, `describes ${items.length} frames and holds ${whole.frames}`);
  }
  const outside = whole.frames === 1 ? whole : OF_NO_FRAME;
  const shared = dataSet.elements[SHARED]?.items?.[0]?.dataSet;
  return items.map(({ dataSet: own }, index) => {
    const group = (tag: string): DataSet | undefined =>
      own?.elements[tag]?.items?.[0]?.dataSet ?? shared?.elements[tag]?.items?.[0]?.dataSet;
    const text = (part: DataSet | undefined, tag: string): string | null =>
      part?.string(tag)?.replace(/\0/g, '').trim() || null;
    const numbers = (part: DataSet | undefined, tag: string, label: string) =>
      readNumbers(text(part, tag), label, name);
    const [content, measures, transformation] = [
      group(GROUPS.content),
      group(GROUPS.measures),
      group(GROUPS.transformation),
    ];
    const timing = group(GROUPS.timing);
    return {
      ...whole,
      frames: 1,
      instanceNumber: outside.instanceNumber ?? content?.uint32('x00209057') ?? index + 1,
      acquisitionNumber: content?.uint16('x00209156') ?? outside.acquisitionNumber,
      imageType: text(group(GROUPS.frameType), 'x00089007') ?? whole.imageType,
      echoNumber: outside.echoNumber,
      echoTime: group(GROUPS.echo)?.double('x00189082') ?? outside.echoTime,
      sliceLocation: outside.sliceLocation,
      sliceThickness: numbers(measures, 'x00180050', 'Slice Thickness')?.[0] ?? outside.sliceThickness,
      position:
        toVector(
          numbers(group(GROUPS.position), 'x00200032', 'Image Position (Patient)'),
          'Image Position (Patient)',
          name,
        ) ?? outside.position,
      orientation:
        toOrientation(numbers(group(GROUPS.orientation), 'x00200037', 'Image Orientation (Patient)'), name) ??
        outside.orientation,
      pixelSpacing: toSpacing(numbers(measures, 'x00280030', 'Pixel Spacing'), name) ?? whole.pixelSpacing,
      rescaleSlope: numbers(transformation, 'x00281053', 'Rescale Slope')?.[0] ?? whole.rescaleSlope,
      rescaleIntercept: numbers(transformation, 'x00281052', 'Rescale Intercept')?.[0] ?? whole.rescaleIntercept,
      acquisition: {
        ...whole.acquisition,
        repetitionTime: numbers(timing, 'x00180080', 'Repetition Time')?.[0] ?? whole.acquisition.repetitionTime,
        flipAngle: numbers(timing, 'x00181314', 'Flip Angle')?.[0] ?? whole.acquisition.flipAngle,
      },
    };
  });
}
