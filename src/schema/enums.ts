import { registerEnumType } from 'type-graphql';
import { FEATURES } from '../domain/features.js';
import { GENERATION_STATES, NOISE_MODES } from '../domain/generations.js';
import { RACES, SEXES, SIDES, STUDY_COHORTS } from '../domain/participants.js';
import { ROLES } from '../domain/roles.js';
import { VISITS } from '../domain/visits.js';
import { SAMPLERS } from '../inference/index.js';

/** Enum types of the API. Each is an object of its values, which is what type-graphql knows an enum by. */
export const SexEnum = choices('Sex', Object.values(SEXES), 'Sex as enrolled.');

export const RaceEnum = choices('Race', Object.values(RACES), "Race in OAI's four groups.");

export const StudyCohortEnum = choices(
  'StudyCohort',
  Object.values(STUDY_COHORTS),
  'Sub-cohort of the study: with symptomatic osteoarthritis, at risk of it, or without either.',
);

export const SideEnum = choices('Side', Object.values(SIDES), 'Left or right knee of the participant.');

export const VisitCodeEnum = choices(
  'VisitCode',
  VISITS.map(({ code }) => code),
  'Time point of the study.',
  Object.fromEntries(VISITS.map(({ code, name }) => [code, name])),
);

export const FeatureEnum = choices(
  'Feature',
  FEATURES.map(({ code }) => code),
  "Radiographic feature, named by OAI's variable without its visit prefix.",
  Object.fromEntries(FEATURES.map(({ code, name, levels }) => [code, `${name}, 0-${levels - 1}`])),
);

/** GraphQL names may not start with a digit, OAI's project numbers do. */
export const ReadingProjectEnum = { PROJECT_15: '15', PROJECT_37: '37' } as const;
registerEnumType(ReadingProjectEnum, {
  name: 'ReadingProject',
  description: "OAI's reading projects. Project 42 is stored as 37, as OAI asks.",
});

export const PlaneEnum = choices('Plane', ['CORONAL', 'SAGITTAL', 'AXIAL'], 'Plane of the slices.');

export const GenerationStateEnum = choices('GenerationState', GENERATION_STATES, 'Life of a generation.', {
  QUEUED: 'Waits for a worker.',
  RUNNING: 'A worker has it.',
  SUCCEEDED: 'The volume is there.',
  FAILED: 'Given up; `error` says why.',
  CANCELED: 'Stopped on request.',
});

export const NoiseModeEnum = choices('NoiseMode', NOISE_MODES, 'Where the initial noise of a slice comes from.', {
  SHARED: 'One initial latent for every depth of the volume.',
  PER_SLICE: 'Each depth has its own.',
});

export const SamplerEnum = choices('Sampler', SAMPLERS, 'How noise becomes an image.', {
  DDIM: 'Denoising diffusion implicit model; deterministic at eta 0.',
  DPMPP_2M: 'DPM-Solver++ of second order, multistep: fewer steps for the same image.',
});

export const GenerationTaskEnum = { XRAY_TO_MRI: 'xray-to-mri' } as const;
registerEnumType(GenerationTaskEnum, { name: 'GenerationTask', description: 'What a bundle does.' });

export const BundleStateEnum = choices('BundleState', ['READY', 'REFUSED'], 'Whether a bundle can be used.');

export const RoleEnum = choices('Role', ROLES, 'What a token may do; each role includes those before it.', {
  SUMMARY: 'Counts only.',
  READER: 'Records and images.',
  OPERATOR: 'Generate.',
  ADMIN: 'Tokens and everything else.',
});

export const DirectionEnum = choices('Direction', ['ASC', 'DESC'], 'Missing values come last in either direction.');

function choices<T extends string>(
  name: string,
  values: readonly T[],
  description: string,
  meanings: Partial<Record<T, string>> = {},
): Record<T, T> {
  const type = Object.fromEntries(values.map((value) => [value, value])) as Record<T, T>;
  const described = Object.entries(meanings).map(([value, text]) => [value, { description: text as string }]);
  registerEnumType(type, { name, description, valuesConfig: Object.fromEntries(described) as object });
  return type;
}
