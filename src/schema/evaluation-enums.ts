import { registerEnumType } from 'type-graphql';
import { COMPARTMENTS } from '../domain/compartments.js';
import {
  EVALUATION_METRICS,
  EVALUATION_REFERENCES,
  EVALUATION_STATES,
  JOINT_SIDES,
  STRATA,
} from '../domain/evaluations.js';
import { READER_CHOICES, READER_STUDY_STAGES, READER_UNITS } from '../domain/reader-studies.js';
import { choices, described } from './enum-types.js';

/** Enum types of evaluations, comparisons and reader studies. */
export const EvaluationStateEnum = choices('EvaluationState', EVALUATION_STATES, 'Life of an evaluation.', {
  QUEUED: 'Waits for a server.',
  RUNNING: 'Its volumes are made and compared.',
  SUCCEEDED: 'Results and report are there.',
  FAILED: 'Given up; `error` says why.',
  CANCELED: 'Stopped on request.',
});

export const EvaluationMetricEnum = choices('EvaluationMetric', EVALUATION_METRICS, 'A score of a volume.', {
  PSNR: 'dB on a data range of 1; median over the slices.',
  SSIM: 'Median over the slices.',
  RSSIM:
    "SSIM of Canny edges around the joint, the paper's; median over the slices. It cannot tell a knee from nothing: a black volume gets about 0.75.",
  EDGE_F1: 'F1 of fine edges around the joint that lie within 1.25 mm of each other, 0 to 1; median over the slices.',
  BONE_DICE: 'Dice coefficient of the bones around the joint, by thresholds, 0 to 1; median over the slices.',
  SHARPNESS: "Mean gradient over the real slice's: 1 is as sharp, noise raises it; median over the slices.",
  ADJACENT_CORRELATION: 'Mean Pearson correlation of neighbouring slices.',
});

export const EvaluationReferenceEnum = choices(
  'EvaluationReference',
  EVALUATION_REFERENCES,
  'A volume that says nothing of the knee, or too little, scored like a generated one.',
  {
    MEAN_VOLUME: "Mean of the other people's series of the evaluation, left knees mirrored.",
    OTHER_PERSON: "The next other person's series, mirrored where it is of the other side.",
    OWN_MIRRORED: "The knee's own series, mirrored: another knee in the same place.",
    OWN_SHIFTED: "The knee's own series, 4.5 mm (three slices) away.",
    BLACK: 'Nothing at all.',
  },
);

export const JointSideEnum = choices('JointSide', JOINT_SIDES, 'Compartment of the joint between femur and tibia.', {
  MEDIAL: 'Towards the other leg.',
  LATERAL: 'Away from the other leg.',
});

export const SsimModeEnum = { SKIMAGE: 'skimage', WANG: 'wang' } as const;
registerEnumType(SsimModeEnum, {
  name: 'SsimMode',
  description: 'Window that SSIM and RSSIM are computed in.',
  valuesConfig: {
    SKIMAGE: { description: "Uniform, 7 x 7 pixels, sample covariance: scikit-image's default." },
    WANG: { description: 'Gaussian, 11 x 11 pixels, sigma 1.5, population covariance: Wang et al. 2004.' },
  },
});

export const TestMethodEnum = described('TestMethod', 'How the p value of a signed-rank test is found.', {
  EXACT: 'Over every assignment of signs to the ranks; up to 50 people.',
  NORMAL: 'By the normal approximation; beyond 50 people.',
});

export const StratumEnum = choices('EvaluationStratumKind', STRATA, 'What knees are told apart by.', {
  KL: 'Kellgren-Lawrence grade of the preferred reading.',
  SIDE: 'Left or right.',
  SEX: 'Sex as enrolled.',
});

export const CompartmentEnum = choices(
  'Compartment',
  COMPARTMENTS,
  'Part of a coronal knee volume, by a fixed rule about the joint line and not by segmentation. Medial is towards the other leg.',
  {
    MEDIAL_FEMUR: '7 to 45 mm above the joint line, medial.',
    LATERAL_FEMUR: '7 to 45 mm above the joint line, lateral.',
    MEDIAL_JOINT: 'Within 7 mm of the joint line, medial: cartilage, meniscus, edges of both bones.',
    LATERAL_JOINT: 'Within 7 mm of the joint line, lateral: cartilage, meniscus, edges of both bones.',
    MEDIAL_TIBIA: '7 to 45 mm below the joint line, medial.',
    LATERAL_TIBIA: '7 to 45 mm below the joint line, lateral.',
    PATELLOFEMORAL: 'The front of the stack, 4 to 55 mm above the joint line within 28 mm of the middle.',
    OTHER: 'Everything else: muscle behind the bones, skin, air.',
  },
);

export const ReaderStudyStateEnum = choices('ReaderStudyState', READER_STUDY_STAGES, 'Life of a reader study.', {
  PREPARING: 'Its pictures are drawn.',
  OPEN: 'Readers may start and answer.',
  CLOSED: 'It takes no answers any more.',
  FAILED: 'Its pictures could not be drawn.',
});

export const ReaderUnitEnum = choices('ReaderUnit', READER_UNITS, 'What a pair of a reader study shows.', {
  SLICE: 'One coronal slice.',
  VOLUME: 'Twelve slices of the volume on one sheet.',
});

export const ReaderChoiceEnum = choices('ReaderChoice', READER_CHOICES, 'Where an image of a pair is shown.', {
  LEFT: 'On the left of the screen.',
  RIGHT: 'On the right of the screen.',
});

export const ReaderStratumEnum = choices(
  'ReaderStratumKind',
  ['KL', 'ARM', 'SIDE', 'SHOWN_ON'],
  'What pairs are told apart by.',
  {
    KL: 'Kellgren-Lawrence grade of the knee.',
    ARM: 'Arm that generated the other image.',
    SIDE: 'Left or right knee.',
    SHOWN_ON: 'Where the imported image was shown.',
  },
);
