import { MRI_PROTOCOLS } from '../domain/mri-protocols.js';
import { DEIDENTIFIED_AS } from '../domain/deidentification.js';
import { registerEnumType } from 'type-graphql';
import { IMAGE_PROVENANCES } from '../domain/provenance.js';
import { FEATURES } from '../domain/features.js';
import { DEATH_CONFIRMATIONS, JOINTS, REPLACEMENT_CONFIRMATIONS, REPLACEMENT_TYPES } from '../domain/outcomes.js';
import { RACES, SEXES, SIDES, STUDY_COHORTS, SITES } from '../domain/participants.js';
import { PREFERRED } from '../domain/readings.js';
import { ROLES } from '../domain/roles.js';
import { FILM_VIEWS } from '../domain/uploads.js';
import { VISITS } from '../domain/visits.js';
import { enumMeanings, variablesOf } from '../domain/variables/index.js';
import { choices, described } from './enum-types.js';

/** Enum types of the API. Each is an object of its values, which is what type-graphql knows an enum by. */
export const SiteEnum = choices('Site', SITES, 'Clinical site, by its letter in the tables.', {
  A: 'Site A.',
  B: 'Site B.',
  C: 'Site C.',
  D: 'Site D.',
  E: 'Site E.',
});

export const SexEnum = choices('Sex', Object.values(SEXES), 'Sex as enrolled.', { MALE: 'Male.', FEMALE: 'Female.' });

export const RaceEnum = choices('Race', Object.values(RACES), "Race in OAI's four groups.", {
  OTHER_NON_WHITE: 'Other non-white.',
  WHITE: 'White or Caucasian.',
  BLACK: 'Black or African American.',
  ASIAN: 'Asian.',
});

export const StudyCohortEnum = choices('StudyCohort', Object.values(STUDY_COHORTS), 'Sub-cohort of the study.', {
  PROGRESSION: 'With symptomatic osteoarthritis of a knee at enrolment.',
  INCIDENCE: 'Without it, but at risk of it.',
  CONTROL: 'With neither: the non-exposed control group.',
});

export const SideEnum = choices('Side', Object.values(SIDES), 'Left or right knee of the participant.', {
  RIGHT: "The participant's right.",
  LEFT: "The participant's left.",
});

export const FilmViewEnum = choices('FilmView', FILM_VIEWS, 'Whether a film shows both legs or one knee.', {
  BILATERAL: 'Both legs.',
  SINGLE: 'One knee.',
});

export const DeidentifiedAsEnum = choices(
  'DeidentifiedAs',
  DEIDENTIFIED_AS,
  "What became of the values of an attribute of a file's header.",
  {
    REMOVED: 'Nothing is left of them.',
    REPLACED: 'Something else stands in their place, such as another UID.',
    CLEANED: 'Words of an acquisition are left of a text; of pixels, what lies outside of the strips to redact.',
    SHIFTED: 'Dates, some days earlier.',
    KEPT: 'They are as they were.',
  },
);

export const VisitCodeEnum = described(
  'VisitCode',
  'Time point of the study.',
  Object.fromEntries(VISITS.map(({ code, name }) => [code, name])),
);

export const JointEnum = choices('Joint', JOINTS, 'A joint whose replacement is followed.', {
  KNEE: 'Knee.',
  HIP: 'Hip.',
});

export const ReplacementConfirmationEnum = choices(
  'ReplacementConfirmation',
  Object.values(REPLACEMENT_CONFIRMATIONS),
  'How sure a replacement is.',
  {
    NOT_CONFIRMED: 'Adjudicated, and not confirmed: it counts as none.',
    SELF_REPORTED: 'Told by the participant.',
    PENDING: 'Waiting for adjudication.',
    CONFIRMED: 'Adjudicated and confirmed.',
  },
);

export const ReplacementTypeEnum = choices(
  'ReplacementType',
  Object.values(REPLACEMENT_TYPES),
  'How much of a knee was replaced.',
  { TOTAL: 'All of it.', PARTIAL: 'One compartment.' },
);

export const DeathConfirmationEnum = choices(
  'DeathConfirmation',
  Object.values(DEATH_CONFIRMATIONS),
  'How sure a death is.',
  {
    NOT_DOCUMENTED: 'Reported; no document says so.',
    PENDING: 'Waiting for adjudication.',
    CONFIRMED: 'Adjudicated and confirmed.',
  },
);

export const FeatureEnum = described(
  'Feature',
  "Radiographic feature, named by OAI's variable without its visit prefix.",
  Object.fromEntries(FEATURES.map(({ code, name, levels }) => [code, `${name}, 0-${levels - 1}`])),
);

export const StorageKindEnum = choices('StorageKind', ['DIRECTORY', 'S3'], 'What keeps the files.', {
  DIRECTORY: 'A folder of a file system.',
  S3: 'A bucket of an object store that speaks S3.',
});

/** GraphQL names may not start with a digit, OAI's project numbers do. */
export const ReadingProjectEnum = { PROJECT_15: '15', PROJECT_37: '37' } as const;
const PROJECTS = {
  PROJECT_15: { description: 'Project 15; the preferred reading prefers it up to V06.' },
  PROJECT_37: { description: 'Project 37, with 42; the preferred reading prefers it from V08.' },
};
registerEnumType(ReadingProjectEnum, {
  valuesConfig: PROJECTS,
  name: 'ReadingProject',
  description: "OAI's reading projects. Project 42 is stored as 37, as OAI asks.",
});

/** Whose grades a filter speaks of. */
export const ReadingChoiceEnum = { PREFERRED, ...ReadingProjectEnum } as const;
registerEnumType(ReadingChoiceEnum, {
  valuesConfig: { PREFERRED: { description: 'The preferred reading of the exam.' }, ...PROJECTS },
  name: 'ReadingChoice',
  description: 'Whose grades are meant: the preferred reading of the exam, or one reading project.',
});

export const KneeScoreEnum = described(
  'KneeScore',
  'Questionnaire score of a knee. WOMAC grows with trouble, KOOS with health.',
  enumMeanings(variablesOf('knee_exam', 'change')),
);

export const ImageProvenanceEnum = choices('ImageProvenance', IMAGE_PROVENANCES, 'What an image shows.', {
  REAL: 'A person.',
  PHANTOM: 'A drawn knee of a synthetic release.',
  GENERATED: 'What a bundle generated.',
});

export const PlaneEnum = choices('Plane', ['CORONAL', 'SAGITTAL', 'AXIAL'], 'Plane of the slices.', {
  CORONAL: 'From posterior to anterior.',
  SAGITTAL: 'From one side to the other.',
  AXIAL: 'Along the leg.',
});

export const MriProtocolEnum = choices(
  'MriProtocol',
  MRI_PROTOCOLS,
  "Which series of OAI's protocol for knees it is, whichever the side.",
  {
    COR_T1_3D_FLASH: 'Coronal T1-weighted 3D FLASH with water excitation.',
    SAG_3D_DESS: 'Sagittal 3D DESS with water excitation.',
    COR_IW_TSE: 'Coronal intermediate-weighted turbo spin echo.',
    SAG_IW_TSE: 'Sagittal intermediate-weighted turbo spin echo with fat suppression.',
    SAG_T2_MAP: 'Sagittal multi-echo spin echo, for maps of T2.',
    COR_MPR: 'Coronal reformat of the DESS series.',
    AX_MPR: 'Axial reformat of the DESS series.',
    OTHER: 'None of these; `sequence` says what it is.',
  },
);

export const RoleEnum = choices('Role', ROLES, 'What a token may do; each role includes those before it.', {
  SUMMARY: 'Counts only.',
  ANALYST: 'Records without images.',
  READER: 'Images too.',
  OPERATOR: 'Generate.',
  ADMIN: 'Tokens and everything else.',
});

export const DirectionEnum = described('OrderDirection', 'Missing values come last in either direction.', {
  ASC: 'The lowest or earliest one first.',
  DESC: 'The highest or latest one first.',
});
