import { registerEnumType } from 'type-graphql';
import { BATCH_STATES, MEMBER_STATES, SEED_RULES } from '../domain/batches.js';
import { SPLIT_METHODS } from '../domain/splits.js';
import { COHORT_KINDS, COHORT_VISIBILITIES, SET_OPERATIONS, UNKNOWN_EXAM_RULES } from '../domain/cohorts.js';
import { ARCHIVE_FORMATS, EXPORT_FORMATS, EXPORT_STATES } from '../domain/exports.js';
import { OUTPUT_KINDS } from '../domain/generation-outputs.js';
import { GENERATION_STATES, NOISE_MODES } from '../domain/generations.js';
import { AFFECTED_COMPARTMENTS } from '../domain/progressions.js';
import { WORKER_STATES } from '../domain/workers.js';
import { SAMPLERS, type Task, TASK_NAMES, taskPurpose, type SuperResolver } from '../inference/index.js';
import { choices } from './enum-types.js';

/** Enum types of work, and of what is worked with: generations, batches, bundles, cohorts, exports. */
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
  MASK: 'What was given to say what is hidden: an image as PNG, a volume as NIfTI.',
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
