import { OAI_SPONSOR, PHANTOM_SPONSOR } from '../../domain/provenance.js';
import type { Radiograph } from '../../entities/index.js';
import { ASSUMED_PLACE } from '../../imaging/series/index.js';
import type { Volume } from '../../imaging/volume.js';
import { syntheticLabel } from '../../imaging/generated-volume.js';
import { encodeMrSeries, uidsOfMrSeries, type MrSeriesHeader } from '../../imaging/dicom/mr-series.js';
import { encodeParametricMap } from '../../imaging/dicom/parametric-map.js';
import type { DicomCode, DicomEquipment, DicomReference } from '../../imaging/dicom/series-elements.js';
import { displayWindow } from './window.js';
import { kindOf, provenanceOfSeries, type SeriesSource, type SeriesSubject, subjectOf } from './source.js';

/** DICOM's own list of derivations has no such one. */
const GENERATED: DicomCode = {
  value: 'GENERATED',
  scheme: '99OSTEOGRAPH',
  meaning: 'Generated from a radiograph by a diffusion model',
};

const WRITER: DicomEquipment = { manufacturer: 'Osteograph', model: 'osteograph', versions: [] };

/**
 * The DICOM files of a series, in slice order. The same series gives the same bytes and UIDs.
 *
 * @param only which slices; absent for all
 */
export function dicomFiles(source: SeriesSource, volume: Volume, only?: ReadonlySet<number>): Generator<Uint8Array> {
  return encodeMrSeries(volume, headerOf(source, volume), only);
}

/** What is said of a T2 map beside its voxels. */
export interface T2MapFacts {
  /** Key of the map: maps of the same voxels may say other things of themselves. */
  id: number;
  /** Of its file. */
  sha256: string;
  /** Of the echoes that were fitted, ms. */
  echoTimes: readonly number[];
  floor: number;
  finishedAt: Date;
}

/** A T2 map as a DICOM Parametric Map. The same map gives the same bytes and UIDs. @param source one of its echoes */
export function t2MapObject(source: SeriesSource, volume: Volume, facts: T2MapFacts): Uint8Array {
  const header = headerOf(source, volume);
  return encodeParametricMap(volume, {
    ...header,
    identity: ['t2-map', String(facts.id), facts.sha256, header.patient.id],
    seriesDescription: `${header.synthetic ? 'SYNTHETIC PHANTOM ' : ''}T2 map`,
    // Of the fit and the layout, not of the program: one UID is to stand for the same bytes.
    equipment: { manufacturer: 'Osteograph', model: 'T2 map', versions: ['1'] },
    writtenBy: undefined,
    createdAt: facts.finishedAt,
    derivation:
      `T2 by a mono-exponential fit, least squares over the echoes at ${facts.echoTimes.join(', ')} ms of ${source.sequence}, ` +
      `where the signal is above ${facts.floor} of the bright end of the first echo.`,
    // Cartilage has 20 to 70 ms.
    window: { low: 0, high: 100 },
    label: 'T2',
    explanation: 'T2 in ms, 0 where nothing could be fitted',
    quantity: { value: 'T2', scheme: '99OSTEOGRAPH', meaning: 'T2 relaxation time' },
    unit: { value: 'ms', scheme: 'UCUM', meaning: 'millisecond' },
  });
}

/** UIDs of study and series of these files, for which the volume need not be read. */
export function dicomUidsOf(source: SeriesSource): { studyUid: string; seriesUid: string } {
  return uidsOfMrSeries({ identity: identityOf(source) });
}

function identityOf(source: SeriesSource): string[] {
  const { generation, asset, barcode } = source;
  return generation ? ['generation', generation.id] : ['series', asset.sha256, subjectOf(source).id, barcode ?? ''];
}

function headerOf(source: SeriesSource, volume: Volume): MrSeriesHeader {
  const { generation, sequence, createdAt, asset, barcode } = source;
  const subject = subjectOf(source);
  const { id, sex, age, side, visit } = subject;
  const kind = kindOf(source);
  const taken = visit ? `${visit.code} ${side} knee` : `${side} knee of an uploaded radiograph,`;
  const shared = {
    identity: identityOf(source),
    synthetic: kind !== 'real',
    patient: { id, sex, age },
    trial: trialOf(source, subject),
    deidentified: deidentificationOf(source, subject),
    side,
    createdAt,
    window: displayWindow(source, volume),
  };
  if (!generation) {
    const phantom = kind === 'phantom';
    return {
      ...shared,
      studyDate: source.date ?? visit?.date ?? null,
      studyDescription: `${taken} MRI${phantom ? ' SYNTHETIC PHANTOM' : ''}`,
      seriesDescription: phantom ? `SYNTHETIC PHANTOM ${sequence}` : sequence,
      equipment: {
        manufacturer: phantom ? 'Osteograph phantom' : (source.acquisition?.manufacturer ?? ''),
        model: phantom ? '' : (source.acquisition?.model ?? ''),
        versions: [],
      },
      acquisition: source.acquisition,
      writtenBy: WRITER,
      derivation:
        `Written from the stored volume with SHA-256 ${asset.sha256} of the series ${barcode ?? sequence}: the same voxel values, ` +
        `rows and columns turned to radiological view.${source.acquisition ? '' : ' How the scanner took it was not kept.'}${volume.placement === 'UNKNOWN' ? ASSUMED_PLACE : ''}`,
      comments: phantom
        ? 'SYNTHETIC PHANTOM: a drawn knee of a synthetic release, not a person. Research use only.'
        : 'Research use only.',
    };
  }
  const { bundle, radiograph, origin, seed, sampler, steps, eta, noise } = generation;
  const code = origin?.attempts.at(-1)?.code;
  return {
    ...shared,
    studyDate: radiograph?.date ?? visit?.date ?? null,
    studyDescription: `${taken} MRI SYNTHETIC`,
    seriesDescription: sequence.startsWith('SYNTHETIC') ? sequence : `SYNTHETIC ${sequence}`,
    equipment: {
      manufacturer: 'Osteograph',
      model: `${bundle.name} ${bundle.version}`,
      versions: code ? [`osteograph ${code.version}`, ...(code.commit ? [`commit ${code.commit}`] : [])] : [],
    },
    acquisition: null,
    derivation:
      `SYNTHETIC: generated by ${bundle.name} ${bundle.version} (SHA-256 ${bundle.sha256}) from the radiograph ` +
      `${origin?.film ? `with SHA-256 ${origin.film.sha256}` : (radiograph?.barcode ?? radiograph?.id)}; ` +
      `seed ${seed}, ${sampler}, ${steps} steps, eta ${eta}, noise ${noise}. Not an acquisition.`,
    derivationCode: GENERATED,
    sourceImage: radiograph ? sourceImageOf(radiograph) : undefined,
    comments: `${syntheticLabel(bundle)}. Research use only.`,
    provenance: JSON.stringify(provenanceOfSeries(source)),
  };
}

/** The study that the imported image, or the film of a generated one, is of; of an upload and of what came without a study none. */
function trialOf({ generation, sponsor: own }: SeriesSource, { visit }: SeriesSubject): MrSeriesHeader['trial'] {
  const sponsor = generation ? generation.radiograph?.sponsor : own;
  if (!visit || !sponsor) return null;
  return { sponsor, protocol: PROTOCOLS[sponsor] ?? '', timePoint: visit.code };
}

const PROTOCOLS: Readonly<Record<string, string>> = { [OAI_SPONSOR]: 'OAI', [PHANTOM_SPONSOR]: 'SYNTHETIC' };

/**
 * How the patient's identity was taken out; null where it cannot be said: a drawn knee has none, and what was imported before there was
 * a policy may hold a name in its pixels.
 */
function deidentificationOf(source: SeriesSource, { visit }: SeriesSubject): string | null {
  if (source.generation)
    return `Generated; pseudonym of the ${visit ? 'participant' : 'upload'}, no element of a patient`;
  if (source.provenance !== 'REAL' || source.deidentification === null) return null;
  return `Osteograph policy ${source.deidentification}: pseudonym, no other element of the source but its geometry and dates`;
}

/** The film, where it is a DICOM object of the release. */
function sourceImageOf({ sopClassUid, sopInstanceUid }: Radiograph): DicomReference | undefined {
  return sopClassUid && sopInstanceUid ? { sopClassUid, sopInstanceUid } : undefined;
}
