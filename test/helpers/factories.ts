import { randomBytes, randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { FEATURE_CODES } from '../../src/domain/features.js';
import type { FeatureCode, Grades } from '../../src/domain/features.js';
import { visitMonth } from '../../src/domain/visits.js';
import {
  ApiToken,
  Asset,
  Batch,
  Bundle,
  Generation,
  GenerationSlice,
  JointOutcome,
  KneeExam,
  MriSeries,
  Participant,
  Radiograph,
  Reading,
  Visit,
} from '../../src/entities/index.js';
import { PHANTOM_SPONSOR } from '../../src/domain/provenance.js';

/**
 * Rows for tests: each maker fills in what the test does not care about and saves. Numbers that must be unique count up.
 */
export function factories(dataSource: Pick<DataSource, 'getRepository'>) {
  let counter = 0;
  const next = () => (counter += 1);
  const save = <T extends object>(entity: new () => T, values: Partial<T>): Promise<T> => {
    const repository = dataSource.getRepository(entity);
    return repository.save(repository.create(values as never)) as unknown as Promise<T>;
  };

  return {
    participant: (values: Partial<Participant> = {}) =>
      save(Participant, {
        oaiId: String(1_000_000 + next()),
        sex: 'FEMALE',
        race: 'WHITE',
        hispanic: false,
        cohort: 'INCIDENCE',
        site: 'A',
        cohortHalf: 1,
        phantom: true,
        ...values,
      }),

    visit: (participant: Participant, values: Partial<Visit> = {}) => {
      const code = values.code ?? 'V00';
      return save(Visit, {
        participantId: participant.id,
        code,
        month: visitMonth(code),
        date: null,
        age: 60,
        bmi: 27.5,
        ...values,
      });
    },

    batch: (bundle: Bundle, values: Partial<Batch> = {}) =>
      save(Batch, {
        ...{ id: randomUUID(), name: 'all lefts', state: 'SUCCEEDED', priority: 0, filter: {}, bundleId: bundle.id },
        ...{ sliceCount: 1, steps: 1, sampler: 'DDIM', eta: 0, noise: 'SHARED', seedRule: 'FIXED', seed: 0 },
        ...{ skipExisting: true, ...values },
      }),

    exam: (visit: Visit, { grades, ...values }: Partial<Omit<KneeExam, 'grades'>> & { grades?: Grades } = {}) =>
      save(KneeExam, {
        visitId: visit.id,
        participantId: visit.participantId,
        side: 'RIGHT',
        preferredProject: null,
        grades: allGrades(grades),
        womacPain: null,
        womacDisability: null,
        womacStiffness: null,
        womacTotal: null,
        koosPain: null,
        ...values,
      }),

    reading: (exam: KneeExam, { grades, ...values }: Partial<Omit<Reading, 'grades'>> & { grades?: Grades } = {}) =>
      save(Reading, {
        examId: exam.id,
        project: '15',
        version: '0.8',
        grades: allGrades(grades),
        missing: {},
        ...values,
      }),

    /** Of a knee on the right that was replaced in the study, unless told otherwise. */
    jointOutcome: (participant: Participant, values: Partial<JointOutcome> = {}) =>
      save(JointOutcome, {
        participantId: participant.id,
        joint: 'KNEE',
        side: 'RIGHT',
        replacedBefore: false,
        confirmation: 'CONFIRMED',
        ...values,
      }),

    asset: (values: Partial<Asset> = {}) => {
      const sha256 = values.sha256 ?? randomBytes(32).toString('hex');
      const storageKey = `${sha256.slice(0, 2)}/${sha256}`;
      return save(Asset, { sha256, mediaType: 'image/png', bytes: 1234, storageKey, ...values });
    },

    radiograph: (owner: Visit | KneeExam, values: Partial<Radiograph> = {}) => {
      const ofExam = 'side' in owner;
      return save(Radiograph, {
        visitId: ofExam ? null : owner.id,
        examId: ofExam ? owner.id : null,
        barcode: `01660${String(next()).padStart(7, '0')}`,
        view: ofExam ? 'Single knee' : 'Bilateral PA Fixed Flexion Knee',
        date: '2004-10-28',
        rows: 2048,
        columns: 2494,
        pixelSpacing: 0.15,
        photometric: 'MONOCHROME1',
        provenance: 'PHANTOM',
        sponsor: PHANTOM_SPONSOR,
        assetId: null,
        ...values,
      });
    },

    series: (exam: KneeExam, values: Partial<MriSeries> = {}) =>
      save(MriSeries, {
        examId: exam.id,
        barcode: values.generationId ? null : `01661${String(next()).padStart(7, '0')}`,
        sequence: 'COR_T1_3D_FLASH_RIGHT',
        plane: 'CORONAL',
        date: '2004-10-28',
        sliceCount: 80,
        rows: 256,
        columns: 256,
        pixelSpacing: 0.625,
        sliceSpacing: 1.5,
        direction: 'posterior to anterior',
        synthetic: values.generationId != null,
        provenance: values.generationId != null ? 'GENERATED' : 'PHANTOM',
        sponsor: values.generationId != null ? null : PHANTOM_SPONSOR,
        assetId: null,
        generationId: null,
        ...values,
      }),

    bundle: (values: Partial<Bundle> = {}) =>
      save(Bundle, {
        name: 'test-bundle',
        version: `1.0.${next()}`,
        task: 'xray-to-mri',
        manifest: {
          description: 'For tests.',
          sampler: { name: 'ddim', steps: 20, eta: 0 },
          schedule: { trainSteps: 2000 },
          conditioning: { features: [{ name: 'XRKL', levels: 5 }] },
        },
        sha256: randomBytes(32).toString('hex'),
        state: 'READY',
        refusal: null,
        directory: '/nowhere',
        ...values,
      }),

    generation: (exam: KneeExam, radiograph: Radiograph, bundle: Bundle, values: Partial<Generation> = {}) =>
      save(Generation, {
        id: randomUUID(),
        examId: exam.id,
        radiographId: radiograph.id,
        bundleId: bundle.id,
        state: 'QUEUED',
        sliceCount: 50,
        steps: 20,
        sampler: 'DDIM',
        eta: 0,
        seed: 0,
        noise: 'SHARED',
        features: { XRKL: 2 },
        featureOverrides: {},
        ...values,
      }),

    slice: (generation: Generation, asset: Asset, values: Partial<GenerationSlice> = {}) =>
      save(GenerationSlice, {
        generationId: generation.id,
        index: 0,
        depth: 0,
        psnr: null,
        ssim: null,
        rssim: null,
        assetId: asset.id,
        ...values,
      }),

    token: (values: Partial<ApiToken> = {}) =>
      save(ApiToken, {
        name: 'test',
        role: 'ADMIN',
        hash: randomBytes(32).toString('hex'),
        expiresAt: null,
        revokedAt: null,
        ...values,
      }),
  };
}

export type Factories = ReturnType<typeof factories>;

/** Every feature, null unless given. */
function allGrades(grades: Grades = {}): KneeExam['grades'] {
  return Object.fromEntries(FEATURE_CODES.map((code) => [code, grades[code] ?? null])) as Record<
    FeatureCode,
    number | null
  >;
}

/** Deterministic numbers in [0, 1), so that a failing case can be run again. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
