import type { Side } from '../domain/participants.js';
import type { DicomAttributes } from './dicom/attributes.js';

/** What a file is taken for by whoever imports it. */
export interface TakenFor {
  kind: 'RADIOGRAPH' | 'MRI_SERIES';
  /** Null for a film of both knees. */
  side: Side | null;
}

type Said = Pick<DicomAttributes, 'modality' | 'bodyPart' | 'laterality' | 'viewPosition' | 'seriesDescription'>;

/** Modalities of projection radiographs: RF where a fluoroscope took one, DR and XR of makers that do not keep to the standard. */
const FILM_MODALITIES = ['CR', 'DX', 'RG', 'RF', 'DR', 'XR'];

/** What converters and screenshots are written as, whatever they show. */
const ANY_MODALITIES = ['OT', 'SC'];

/**
 * Body parts that no knee study shows. Only these contradict: hospitals write what they like for a knee, in their own language
 * (BodyPartExamined, DICOM PS3.16 annex L).
 */
const OTHER_PARTS =
  /^(?:ABDOMEN|ANKLE|ARM|BRAIN|BREAST|CHEST|CLAVICLE|[CLT]?SPINE|COCCYX|ELBOW|FINGER|FOOT|HAND|HEAD|HEART|HIP|JAW|NECK|PELVIS|RIB|SHOULDER|SKULL|SSPINE|TOE|WRIST)S?$/;

/** View positions of films that are not taken from in front or behind (DICOM PS3.3 C.8.11.3). */
const LATERAL_VIEWS = ['LL', 'RL', 'LLD', 'RLD', 'LM', 'ML', 'LAT', 'LATERAL'];
/** Those that are. Where the description agrees, what else it names was taken beside this film or says how the knee was loaded. */
const FRONTAL_VIEWS = ['AP', 'PA'];
const FRONTAL = /\b(?:AP|PA)\b/i;
const SKYLINE = /\b(?:skyline|sunrise|merchant|axial)\b/i;
/** Not "bi-lateral" and its like, and no part of a knee. */
const LATERAL =
  /(?<!\b(?:bi|uni|contra|ipsi)[ -])\blateral\b(?! (?:compartment|femur|tibia|femoral|tibial|condyle|plateau|joint|JSN|meniscus))/i;

/**
 * All that in a header contradicts what its file is taken for, each to complete "FILE says that ..."; empty when nothing does. What a header leaves
 * out contradicts nothing.
 */
export function contradictionsOf(said: Said, { kind, side }: TakenFor): string[] {
  const { modality, bodyPart } = said;
  const part = bodyPart?.toUpperCase().replace(/[^A-Z]/g, '') ?? '';
  const shown = sideOf(said.laterality);
  const all: (string | false)[] = [
    kind === 'RADIOGRAPH'
      ? isOther(modality, FILM_MODALITIES) && `it is of ${inWords(modality)}, which no radiograph is`
      : isOther(modality, ['MR']) && `it is of ${inWords(modality)}, which no MRI series is`,
    OTHER_PARTS.test(part) && `it shows another part of the body (${part})`,
    ...(kind === 'RADIOGRAPH' ? otherViews(said) : []),
    side !== null &&
      shown !== null &&
      shown !== side &&
      `it shows the ${shown.toLowerCase()} knee, where the ${side.toLowerCase()} one is expected`,
  ];
  return all.filter((found) => found !== false);
}

function isOther(modality: string | null, fitting: readonly string[]): modality is string {
  return modality !== null && ![...fitting, ...ANY_MODALITIES].includes(modality);
}

function otherViews({ viewPosition, seriesDescription }: Said): (string | false)[] {
  const view = viewPosition?.toUpperCase() ?? '';
  const description = seriesDescription ?? '';
  const frontal = FRONTAL_VIEWS.includes(view) && FRONTAL.test(description);
  return [
    (LATERAL_VIEWS.includes(view) || (!frontal && LATERAL.test(description))) && 'it is a lateral view',
    !frontal && SKYLINE.test(description) && 'it is a skyline view',
  ];
}

/** The sentence is kept: of what is no modality it tells nothing. */
function inWords(modality: string): string {
  return /^[A-Z]{2}$/.test(modality) ? `modality ${modality}` : 'another modality';
}

function sideOf(laterality: string | null): Side | null {
  if (laterality === 'R') return 'RIGHT';
  return laterality === 'L' ? 'LEFT' : null;
}
