import { MRI_PROTOCOLS } from '../domain/mri-protocols.js';
import { DEIDENTIFIED_AS } from '../domain/deidentification.js';
import { registerEnumType } from 'type-graphql';
import { IMAGE_PROVENANCES } from '../domain/provenance.js';
import { BATCH_STATES, MEMBER_STATES, SEED_RULES } from '../domain/batches.js';
import { SPLIT_METHODS } from '../domain/splits.js';
import { COHORT_KINDS, COHORT_VISIBILITIES, SET_OPERATIONS, UNKNOWN_EXAM_RULES } from '../domain/cohorts.js';
import { ARCHIVE_FORMATS, EXPORT_FORMATS, EXPORT_STATES } from '../domain/exports.js';
import { FEATURES } from '../domain/features.js';
import { OUTPUT_KINDS } from '../domain/generation-outputs.js';
import { GENERATION_STATES, NOISE_MODES } from '../domain/generations.js';
import { DEATH_CONFIRMATIONS, JOINTS, REPLACEMENT_CONFIRMATIONS, REPLACEMENT_TYPES } from '../domain/outcomes.js';
import { RACES, SEXES, SIDES, STUDY_COHORTS, SITES } from '../domain/participants.js';
import { AFFECTED_COMPARTMENTS } from '../domain/progressions.js';
import { PREFERRED } from '../domain/readings.js';
import { ROLES } from '../domain/roles.js';
import { FILM_VIEWS } from '../domain/uploads.js';
import { VISITS } from '../domain/visits.js';
import { WORKER_STATES } from '../domain/workers.js';
import { SAMPLERS, type Task, TASK_NAMES, taskPurpose, type SuperResolver } from '../inference/index.js';
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

export const GenerationStateEnum = choices('GenerationState', GENERATION_STATES, 'Life of a generation.', {
  QUEUED: 'Waits for a worker.',
  RUNNING: 'A worker has it.',
  SUCCEEDED: 'The volume is there.',
  FAILED: 'Given up; `error` says why.',
  CANCELED: 'Stopped on request.',
});

export const WorkerStateEnum = choices('WorkerState', WORKER_STATES, 'Life of a worker.', {
  STARTING: 'It loads a model.',
  READY: 'It takes work.',
  DRAINING: 'It takes no more and ends what it has.',
  GONE: 'It has ended, or has been silent for 15 s.',
});

export const BatchStateEnum = choices('BatchState', BATCH_STATES, 'Life of a batch.', {
  QUEUED: 'None of its generations has been started yet, or since a retry.',
  RUNNING: 'Some have been started, and some are left.',
  PAUSED: 'Starts no more until it is resumed.',
  SUCCEEDED: 'Every exam has its volume.',
  PARTIAL: 'Some exams have their volume; others failed, were canceled or are not possible.',
  FAILED: 'No exam has a volume.',
  CANCELED: 'Stopped on request; what was made before is kept.',
});

export const MemberStateEnum = choices('BatchMemberState', MEMBER_STATES, 'What has become of an exam of a batch.', {
  WAITING: 'Waits for a worker.',
  RUNNING: 'A worker has it.',
  SUCCEEDED: 'The batch has made its volume.',
  REUSED: 'The volume was there already.',
  FAILED: 'Given up; `generation.error` says why.',
  CANCELED: 'Stopped on request.',
  NOT_POSSIBLE: 'No volume can be made of it; `reason` says why.',
});

export const SeedRuleEnum = choices('SeedRule', SEED_RULES, 'Where the seeds of a batch or an evaluation come from.', {
  FIXED: 'One seed for every exam.',
  PER_EXAM: 'Each exam has its own, derived from the seed, the participant, the visit and the side.',
});

export const ExportColumnTypeEnum = {
  TEXT: 'text',
  INTEGER: 'integer',
  REAL: 'real',
  BOOLEAN: 'boolean',
  DATE: 'date',
} as const;
registerEnumType(ExportColumnTypeEnum, {
  name: 'ExportColumnType',
  description: 'What the values of a column are.',
  valuesConfig: {
    TEXT: { description: 'Text.' },
    INTEGER: { description: 'Whole numbers.' },
    REAL: { description: 'Decimal numbers.' },
    BOOLEAN: { description: 'True or false.' },
    DATE: { description: 'Days, such as 2007-12-03.' },
  },
});

export const NoiseModeEnum = choices('NoiseMode', NOISE_MODES, 'Where the initial noise of a slice comes from.', {
  SHARED: 'One initial latent for every depth of the volume.',
  PER_SLICE: 'Each depth has its own.',
});

export const SamplerEnum = choices('Sampler', SAMPLERS, 'How noise becomes an image.', {
  DDIM: 'Denoising diffusion implicit model; deterministic at eta 0.',
  DPMPP_2M: 'DPM-Solver++ of second order, multistep: fewer steps for the same image.',
});

/** A task as the API names it: `xray-to-mri` is XRAY_TO_MRI. */
function taskWord(task: Task): string {
  return task.toUpperCase().replaceAll('-', '_');
}

export const GenerationTaskEnum = Object.fromEntries(TASK_NAMES.map((task) => [taskWord(task), task]));
registerEnumType(GenerationTaskEnum, {
  name: 'GenerationTask',
  description: 'What a bundle does, and what a generation was asked for.',
  valuesConfig: Object.fromEntries(TASK_NAMES.map((task) => [taskWord(task), { description: taskPurpose(task) }])),
});

/** The networks of super-resolution as the API names them: `student` is STUDENT. */
export const SuperResolverEnum = { STUDENT: 'student', TEACHER: 'teacher' } as const satisfies Record<
  string,
  SuperResolver
>;
registerEnumType(SuperResolverEnum, {
  name: 'SuperResolver',
  description: 'Which network brings a series to a finer grid.',
  valuesConfig: {
    STUDENT: { description: 'The small one of one step, distilled from the other.' },
    TEACHER: { description: 'The large one, of one or several steps.' },
  },
});

export const OutputKindEnum = choices('GenerationOutputKind', OUTPUT_KINDS, 'What a file of a generation is.', {
  VOLUME: 'MRI volume: NIfTI (.nii.gz). `mriSeries` has one that was made from a radiograph in other formats, too.',
  FILM: 'Film at full size: 16-bit grey PNG, bone bright.',
  DICOM:
    'The same as DICOM, Synthetic Data = YES: a film (Computed Radiography), all frames of a progression in one multi-frame object, or a series (MR) as a ZIP archive.',
  BEFORE: 'The film that it was made from, to look at: 8-bit grey PNG of at most 1600 pixels a side.',
  AFTER: 'What was made of it, in the same grey scale and size; of a progression one for each frame.',
  DIFFERENCE:
    'Where the two differ, in the same size: PNG, black over orange to pale yellow for 15 % of the window and more, of a progression 30 %.',
  SHEET: 'Before, after and difference on one labelled picture: PNG.',
  MASK: 'The image that was given to say what is hidden: PNG.',
  FRAME: "A frame of a progression at full size, the first one the film itself: 16-bit grey PNG of the knee's square.",
  GIF: 'All frames as a moving picture: animated GIF.',
  MP4: 'The same as video: MP4 (H.264).',
  CURVE: 'Joint space and expected KL grade of the frames, drawn: PNG.',
  TABLE: 'What was measured on each frame: CSV.',
});

export const AffectedCompartmentEnum = choices(
  'AffectedCompartment',
  AFFECTED_COMPARTMENTS,
  'Which part of the joint a progression closes or opens.',
  {
    MEDIAL: 'The medial compartment.',
    LATERAL: 'The lateral compartment.',
    BOTH: 'Both, as films of the wished grade have them.',
  },
);

export const BundleStateEnum = choices(
  'BundleState',
  ['READY', 'REFUSED', 'RETIRED'],
  'Whether a bundle can be used.',
  {
    READY: 'It can be used.',
    REFUSED: 'Its files or its manifest are at fault; `refusal` says why.',
    RETIRED: 'An administrator has taken it out of use; what was made with it stays.',
  },
);

export const CohortKindEnum = choices('CohortKind', COHORT_KINDS, 'How a cohort knows its exams.', {
  STATIC: 'Their ids were frozen when it was made.',
  DYNAMIC: 'Its filter is run whenever it is read.',
});

export const CohortVisibilityEnum = choices(
  'CohortVisibility',
  COHORT_VISIBILITIES,
  'Who may read a cohort, beside its owner and administrators.',
  { PRIVATE: 'Nobody.', LINK: 'Whoever has its id.', READERS: 'Everybody; it is in their lists.' },
);

export const SetOperationEnum = choices('SetOperation', SET_OPERATIONS, 'What is made of two or more cohorts.', {
  UNION: 'Exams of any of them.',
  INTERSECTION: 'Exams of all of them.',
  DIFFERENCE: 'Exams of the first that are in none of the others.',
});

export const UnknownExamRuleEnum = choices(
  'UnknownExamRule',
  UNKNOWN_EXAM_RULES,
  'What becomes of a cohort where some rows name no exam.',
  {
    REFUSE: 'Nothing is made, and the refusal counts and names them.',
    LEAVE_OUT: 'It is made of the others, and the payload names those.',
  },
);

export const SplitMethodEnum = choices(
  'SplitMethod',
  SPLIT_METHODS,
  'What the parts of a split are alike in. Both knees and all visits of a participant are always in one part.',
  {
    KL: 'Each part has its share of every KL grade, the highest of each participant.',
    SITE: 'Each part has its share of every clinical site.',
    RANDOM: 'Participants in an order that the seed draws.',
    LEAVE_ONE_SITE_OUT: 'A part for each clinical site.',
  },
);

export const CohortOriginKindEnum = choices(
  'CohortOriginKind',
  ['FILTER', 'EXAMS', 'EDIT', 'COMBINATION', 'SPLIT'],
  'Where the exams of a cohort came from.',
  {
    FILTER: 'From a filter.',
    EXAMS: 'From a list of ids or of named exams.',
    EDIT: 'From an earlier version, by adding and removing exams.',
    COMBINATION: 'From other cohorts.',
    SPLIT: 'From splitting another cohort by participant.',
  },
);

export const RoleEnum = choices('Role', ROLES, 'What a token may do; each role includes those before it.', {
  SUMMARY: 'Counts only.',
  READER: 'Records and images.',
  OPERATOR: 'Generate.',
  ADMIN: 'Tokens and everything else.',
});

const ARCHIVES = {
  NIFTI_ZIP: 'Volumes as NIfTI files in a zip archive, with manifests.',
  DICOM_ZIP: 'Volumes as DICOM series in a zip archive, with manifests.',
  FILES_ZIP:
    'Whatever generations made (films, frames, volumes, curves, tables) in a zip archive, each file as it is kept, with manifests.',
};

export const ExportFormatEnum = choices('ExportFormat', EXPORT_FORMATS, 'How an export is written.', {
  CSV: 'RFC 4180, UTF-8, one line of column names first; a missing value is empty.',
  NDJSON: 'One JSON object per line; a missing value is null.',
  PARQUET: 'Typed columns, Snappy; the data dictionary travels in the metadata.',
  ...ARCHIVES,
});

export const ArchiveFormatEnum = choices('ArchiveFormat', ARCHIVE_FORMATS, 'What an archive holds, and how.', ARCHIVES);

export const ExportStateEnum = choices('ExportState', EXPORT_STATES, 'Life of an export.', {
  QUEUED: 'Waits for its turn.',
  RUNNING: 'A server writes it.',
  SUCCEEDED: 'The file is there.',
  FAILED: 'Given up; `error` says why.',
  CANCELED: 'Stopped on request.',
  EXPIRED: 'The file was there and has been removed; the manifest stays.',
});

export const DirectionEnum = described('OrderDirection', 'Missing values come last in either direction.', {
  ASC: 'The lowest or earliest one first.',
  DESC: 'The highest or latest one first.',
});
