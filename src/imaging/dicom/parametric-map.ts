import type { Volume } from '../volume.js';
import {
  affineInDicom,
  codeItem,
  decimal,
  type DicomCode,
  length,
  type SeriesHeader,
  seriesElements,
  text,
  unit,
} from './series-elements.js';
import { dicomUid, type DicomKeywords, encodeObject } from './write.js';

/** A quantity of each voxel. */
export interface ParametricMap extends SeriesHeader {
  /** Of at most 16 characters, e.g. "T2". */
  readonly label: string;
  /** Of at most 64 characters: what the values are, and what a voxel without one has. */
  readonly explanation: string;
  readonly quantity: DicomCode;
  /** Of UCUM. */
  readonly unit: DicomCode;
}

const PARAMETRIC_MAP = '1.2.840.10008.5.1.4.1.1.30';

/** Derived from images; of all the volume; values that are measured, and no contrast to look at. */
const TYPE = ['DERIVED', 'PRIMARY', 'VOLUME', 'QUANTITY'];

/** (0020,9111), (0020,9056) and (0020,9057). */
const [FRAME_CONTENT, STACK_ID, PLACE_IN_STACK] = [0x0020_9111, 0x0020_9056, 0x0020_9057];

/**
 * A volume of real numbers as one Parametric Map (PS3.3, A.75): a frame per slice with floats as they are, which `RealWorldValueMappingSequence` says the
 * unit of. The same volume and header give the same bytes.
 */
export function encodeParametricMap(volume: Volume, header: ParametricMap): Uint8Array {
  const { columns, rows, slices, data } = volume;
  const { right, down, step, origin } = affineInDicom(volume.affine);
  const uid = (part: string) => dicomUid('osteograph', 'parametric-map 1', ...header.identity, part);
  const { low, high } = header.window;
  const elements = seriesElements(header);
  return encodeObject({
    sopClassUid: PARAMETRIC_MAP,
    sopInstanceUid: uid('instance'),
    floats: Float32Array.from(data),
    elements: {
      ...elements,
      ImageType: TYPE,
      StudyInstanceUID: uid('study'),
      SeriesInstanceUID: uid('series'),
      FrameOfReferenceUID: uid('frame'),
      InstanceNumber: 1,
      ContentDate: elements['InstanceCreationDate']!,
      ContentTime: elements['InstanceCreationTime']!,
      ContentQualification: 'RESEARCH',
      ContentLabel: header.label,
      ContentDescription: text(header.explanation),
      ContentCreatorName: '',
      BurnedInAnnotation: 'NO',
      RecognizableVisualFeatures: 'NO',
      PresentationLUTShape: 'IDENTITY',
      DeviceSerialNumber: 'none',
      AcquisitionContextSequence: [],
      ...{ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2' },
      ...{ Rows: rows, Columns: columns, NumberOfFrames: slices, BitsAllocated: 32 },
      DimensionOrganizationSequence: [{ DimensionOrganizationUID: uid('dimensions') }],
      DimensionIndexSequence: [STACK_ID, PLACE_IN_STACK].map((pointer) => ({
        DimensionOrganizationUID: uid('dimensions'),
        DimensionIndexPointer: pointer,
        FunctionalGroupPointer: FRAME_CONTENT,
      })),
      SharedFunctionalGroupsSequence: [
        {
          PixelMeasuresSequence: [
            {
              SliceThickness: decimal(length(step)),
              SpacingBetweenSlices: decimal(length(step)),
              PixelSpacing: [length(down), length(right)].map(decimal),
            },
          ],
          PlaneOrientationSequence: [{ ImageOrientationPatient: [...unit(right), ...unit(down)].map(decimal) }],
          ParametricMapFrameTypeSequence: [{ FrameType: TYPE }],
          FrameVOILUTSequence: [
            { WindowCenter: decimal((low + high) / 2), WindowWidth: decimal(Math.max(high - low, 1)) },
          ],
          PixelValueTransformationSequence: [{ RescaleIntercept: 0, RescaleSlope: 1, RescaleType: 'US' }],
          RealWorldValueMappingSequence: [mappingOf(header)],
        },
      ],
      PerFrameFunctionalGroupsSequence: Array.from({ length: slices }, (_, index) => ({
        FrameContentSequence: [
          { StackID: '1', InStackPositionNumber: index + 1, DimensionIndexValues: [1, index + 1] },
        ],
        PlanePositionSequence: [
          { ImagePositionPatient: origin.map((value, axis) => decimal(value + index * step[axis]!)) },
        ],
      })),
    },
  });
}

/** The values are what they stand for. */
function mappingOf({ label, explanation, quantity, unit: of }: ParametricMap): DicomKeywords {
  return {
    LUTLabel: label,
    LUTExplanation: text(explanation),
    MeasurementUnitsCodeSequence: [codeItem(of)],
    QuantityDefinitionSequence: [
      { ValueType: 'CODE', ConceptNameCodeSequence: [codeItem(QUANTITY)], ConceptCodeSequence: [codeItem(quantity)] },
    ],
    ...{ DoubleFloatRealWorldValueFirstValueMapped: 0, DoubleFloatRealWorldValueLastValueMapped: 1e6 },
    ...{ RealWorldValueIntercept: 0, RealWorldValueSlope: 1 },
  };
}

/** SNOMED CT as PS3.3, C.7.6.16.2.11 names it. */
const QUANTITY: DicomCode = { value: '246205007', scheme: 'SCT', meaning: 'Quantity' };
