import { madeFilmElements, type MadeFilmHeader, madeFilmUid } from '../dicom/made-film.js';
import { encodeDicom } from '../dicom/write.js';

const ROOT = 'osteograph progression';

/** Milliseconds that a viewer shows a frame. */
const FRAME_MS = 400;

/**
 * Frames of one knee as a multi-frame DICOM object: derived, marked as synthetic, nothing of the patient.
 *
 * @param frames greys of `side` x `side` pixels each
 * @param spacing mm between rows and between columns, or null
 */
export function encodeProgression(
  frames: readonly Uint16Array[],
  { side, spacing }: { side: number; spacing: readonly [number, number] | null },
  header: MadeFilmHeader,
): Uint8Array {
  const pixels = new Uint16Array(frames.length * side * side);
  frames.forEach((frame, index) => pixels.set(frame, index * side * side));
  const { bundle, provenance } = header;
  return encodeDicom({
    ...{ pixels, rows: side, columns: side, photometric: 'MONOCHROME2', bitsStored: 16, sopClass: 'FRAMES' },
    sopInstanceUid: madeFilmUid(ROOT, header, 'instance'),
    ...(provenance === undefined ? {} : { privateText: provenance }),
    elements: {
      ...madeFilmElements(ROOT, header, {
        name: 'Progression',
        viewPosition: '',
        comment: `SYNTHETIC, made by ${bundle.name} ${bundle.version}; what it shows was not seen. Not for clinical use.`,
        spacing,
      }),
      NumberOfFrames: frames.length,
      FrameTime: FRAME_MS,
      // (0018,1063), Frame Time.
      FrameIncrementPointer: 0x00181063,
      ConversionType: 'SYN',
      BurnedInAnnotation: 'NO',
      PresentationLUTShape: 'IDENTITY',
      RescaleIntercept: 0,
      RescaleSlope: 1,
      RescaleType: 'US',
    },
  });
}
