import { sr } from 'dcmjs';
import type { Side } from '../../domain/participants.js';
import type { StudyImage } from './study.js';
import { dicomUid, type DicomKeywords, encodeObject } from './write.js';

/** What was read off one knee on a film, for its report. Text is ASCII. */
export interface KneeReport {
  /** What every UID is derived from: the same identity, the same UIDs. */
  readonly identity: readonly string[];
  /** Pseudonym. */
  readonly patient: string;
  readonly side: Side;
  /** What read it. */
  readonly bundle: { readonly name: string; readonly version: string };
  readonly createdAt: Date;
  /** Most probable Kellgren-Lawrence grade, 0 to 4. */
  readonly kl: number;
  /** Sum of grade x probability. */
  readonly expectedKl: number;
  /** Narrowest joint space, mm at the detector; null where it could not be traced or the film has no scale. */
  readonly medialMm: number | null;
  readonly lateralMm: number | null;
  /** What stands beside every such reading. */
  readonly notice: string;
}

const COMPREHENSIVE_SR = '1.2.840.10008.5.1.4.1.1.88.33';

const { CodedConcept } = sr.coding;
const { CodeContentItem, ContainerContentItem, ImageContentItem, NumContentItem, TextContentItem, UIDRefContentItem } =
  sr.valueTypes;

const code = (schemeDesignator: string) => (value: string, meaning: string) =>
  new CodedConcept({ value, schemeDesignator, meaning });
const [dcm, snomed, own, ucum] = [code('DCM'), code('SCT'), code('99OSTEOGRAPH'), code('UCUM')];

const MILLIMETRE = ucum('mm', 'millimeter');
const NO_UNIT = ucum('1', 'no units');
const SIDES = { RIGHT: snomed('24028007', 'Right'), LEFT: snomed('7771000', 'Left') };

/**
 * A reading as a Comprehensive SR: a measurement report (PS3.16, TID 1500) of one group, the knee's. The same input gives the same bytes.
 *
 * @param film the film that was read, where it is a DICOM object: each measurement names it
 */
export function encodeKneeReport(report: KneeReport, film: StudyImage | null): Uint8Array {
  const { identity, patient, side, bundle, createdAt } = report;
  const uid = (part: string) => dicomUid('osteograph', 'knee-report 1', ...identity, part);
  const [date, time] = createdAt.toISOString().split('T');
  const [day, second] = [date!.replaceAll('-', ''), time!.slice(0, 8).replaceAll(':', '')];
  return encodeObject({
    sopClassUid: COMPREHENSIVE_SR,
    sopInstanceUid: uid('instance'),
    elements: {
      SpecificCharacterSet: 'ISO_IR 100',
      ...{ InstanceCreationDate: day, InstanceCreationTime: second, TimezoneOffsetFromUTC: '+0000' },
      ...{ StudyInstanceUID: uid('study'), SeriesInstanceUID: uid('series') },
      ...{ StudyDate: '', StudyTime: '', StudyID: '', AccessionNumber: '', ReferringPhysicianName: '' },
      ...{ PatientName: patient, PatientID: patient, PatientBirthDate: '', PatientSex: '' },
      StudyDescription: 'Automatic reading of a knee radiograph',
      Modality: 'SR',
      SeriesNumber: 1,
      InstanceNumber: 1,
      SeriesDescription: `Automatic reading, ${side.toLowerCase()} knee`,
      Manufacturer: 'Osteograph',
      ...{ ManufacturerModelName: bundle.name, DeviceSerialNumber: 'none', SoftwareVersions: bundle.version },
      ...{ ContentDate: day, ContentTime: second },
      ...{ CompletionFlag: 'COMPLETE', VerificationFlag: 'UNVERIFIED', PreliminaryFlag: 'PRELIMINARY' },
      ReferencedPerformedProcedureStepSequence: [],
      PerformedProcedureCodeSequence: [],
      ...(film ? { CurrentRequestedProcedureEvidenceSequence: [evidenceOf(film)] } : {}),
      ...contentOf(report, film, uid),
    },
  });
}

function evidenceOf({ studyUid, seriesUid, sopClassUid, instanceUids }: StudyImage): DicomKeywords {
  const instances = instanceUids.map((instance) => ({
    ReferencedSOPClassUID: sopClassUid,
    ReferencedSOPInstanceUID: instance,
  }));
  return {
    StudyInstanceUID: studyUid,
    ReferencedSeriesSequence: [{ SeriesInstanceUID: seriesUid, ReferencedSOPSequence: instances }],
  };
}

function contentOf(report: KneeReport, film: StudyImage | null, uid: (part: string) => string): DicomKeywords {
  const { side, bundle, kl, expectedKl, medialMm, lateralMm, notice } = report;
  const [contains, modifies, observes] = ['CONTAINS', 'HAS CONCEPT MOD', 'HAS OBS CONTEXT'];
  const [measured] = film?.instanceUids ?? [];
  const source = () =>
    new ImageContentItem({
      name: dcm('121112', 'Source of Measurement'),
      relationshipType: 'INFERRED FROM',
      referencedSOPClassUID: film!.sopClassUid,
      referencedSOPInstanceUID: measured!,
    });
  const measurement = (name: InstanceType<typeof CodedConcept>, value: number | null, unit: typeof NO_UNIT) =>
    value === null
      ? []
      : [withItems(new NumContentItem({ name, value, unit, relationshipType: contains }), measured ? [source()] : [])];
  const text = (name: InstanceType<typeof CodedConcept>, value: string, relationshipType: string | undefined) =>
    new TextContentItem({ name, value, relationshipType });
  const group = withItems(
    new ContainerContentItem({
      name: dcm('125007', 'Measurement Group'),
      relationshipType: contains,
      templateID: '1501',
    }),
    [
      text(dcm('112039', 'Tracking Identifier'), `${side} knee`, observes),
      new UIDRefContentItem({
        name: dcm('112040', 'Tracking Unique Identifier'),
        value: uid('knee'),
        relationshipType: observes,
      }),
      withItems(
        new CodeContentItem({
          name: snomed('363698007', 'Finding Site'),
          value: snomed('72696002', 'Knee'),
          relationshipType: modifies,
        }),
        [
          new CodeContentItem({
            name: snomed('272741003', 'Laterality'),
            value: SIDES[side],
            relationshipType: modifies,
          }),
        ],
      ),
      ...measurement(own('KL', 'Kellgren-Lawrence grade, most probable'), kl, NO_UNIT),
      ...measurement(own('KL-EXPECTED', 'Kellgren-Lawrence grade, expected'), rounded(expectedKl), NO_UNIT),
      ...measurement(own('JSW-MEDIAL', 'Narrowest medial joint space'), medialMm && rounded(medialMm), MILLIMETRE),
      ...measurement(own('JSW-LATERAL', 'Narrowest lateral joint space'), lateralMm && rounded(lateralMm), MILLIMETRE),
      text(dcm('121106', 'Comment'), notice, contains),
    ],
  );
  const root = withItems(
    new ContainerContentItem({ name: dcm('126000', 'Imaging Measurement Report'), templateID: '1500' }),
    [
      new CodeContentItem({
        name: dcm('121049', 'Language of Content Item and Descendants'),
        value: code('RFC5646')('en', 'English'),
        relationshipType: modifies,
      }),
      new CodeContentItem({
        name: dcm('121005', 'Observer Type'),
        value: dcm('121007', 'Device'),
        relationshipType: observes,
      }),
      new UIDRefContentItem({
        name: dcm('121012', 'Device Observer UID'),
        value: dicomUid('osteograph', 'bundle', bundle.name, bundle.version),
        relationshipType: observes,
      }),
      text(dcm('121013', 'Device Observer Name'), `${bundle.name} ${bundle.version}`, observes),
      new CodeContentItem({
        name: dcm('121058', 'Procedure reported'),
        value: snomed('74016001', 'Radiography of knee'),
        relationshipType: modifies,
      }),
      withItems(new ContainerContentItem({ name: dcm('126010', 'Imaging Measurements'), relationshipType: contains }), [
        group,
      ]),
    ],
  );
  // Items of the library have accessors, which its own writer does not know.
  return JSON.parse(JSON.stringify(root)) as DicomKeywords;
}

function withItems<T extends object>(item: T, items: readonly object[]): T {
  return items.length > 0 ? Object.assign(item, { ContentSequence: items }) : item;
}

/** Hundredths: what a network or a trace says beyond is noise. */
function rounded(value: number): number {
  return Number(value.toFixed(2));
}
