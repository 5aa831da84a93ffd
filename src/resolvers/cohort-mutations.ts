import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { CohortVisibility } from '../domain/cohorts.js';
import { INPUT } from '../schema/arguments.js';
import { CohortNode } from '../schema/cohort.js';
import { CreateCohortInput, SplitCohortInput, UpdateCohortInput } from '../schema/cohort-input.js';
import type { CombineCohortsInput, ExamNameInput, ExamSelectionInput } from '../schema/cohort-input.js';
import {
  CreateCohortPayload,
  DeleteCohortInput,
  DeleteCohortPayload,
  ShareCohortInput,
  ShareCohortPayload,
  SplitCohortPayload,
  UpdateCohortPayload,
} from '../schema/mutations.js';
import type {
  CohortPayload,
  CreatedCohortPayload,
  DeletedCohortPayload,
  IdInput,
  SplitPayload,
} from '../schema/mutations.js';
import {
  createCohort,
  deleteCohort,
  findNamedExams,
  shareCohort,
  splitCohort,
  updateCohort,
} from '../services/cohorts/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { keyOf } from './ids.js';

@Resolver()
export class CohortMutationResolver {
  @Mutation(() => CreateCohortPayload, {
    description: 'Makes a cohort from a filter, from ids, from rows that name exams, or from other cohorts.',
  })
  async createCohort(
    @Ctx() context: Context,
    @Arg('input', () => CreateCohortInput, INPUT) { examIds, exams, unknownExams, combine, ...rest }: CreateCohortInput,
  ): Promise<CreatedCohortPayload> {
    requireRole(context, 'ANALYST', 'createCohort');
    const { platform, viewer } = context;
    const found = exams ? await findNamedExams(platform.dataSource, exams, unknownExams) : null;
    const request = { ...rest, examIds: examKeys('examIds', examIds), found, combine: combination(combine) };
    const cohort = new CohortNode(await createCohort(platform.dataSource, viewer, request));
    return { cohort, unknownExams: found?.unknown ?? [] };
  }

  @Mutation(() => UpdateCohortPayload, {
    description: 'Makes a new version of a cohort; the old ones stay as they are.',
  })
  async updateCohort(
    @Ctx() context: Context,
    @Arg('input', () => UpdateCohortInput, INPUT)
    { id, examIds, exams, add, remove, unknownExams, combine, ...rest }: UpdateCohortInput,
  ): Promise<CreatedCohortPayload> {
    requireRole(context, 'ANALYST', 'updateCohort');
    const { platform, viewer } = context;
    const named = async (rows: ExamNameInput[] | null | undefined) =>
      rows ? findNamedExams(platform.dataSource, rows, unknownExams) : null;
    const edit = async (field: string, selection: ExamSelectionInput | null | undefined) =>
      selection && {
        filter: selection.filter,
        examIds: examKeys(`${field}.examIds`, selection.examIds),
        found: await named(selection.exams),
      };
    const change = {
      ...rest,
      examIds: examKeys('examIds', examIds),
      found: await named(exams),
      add: await edit('add', add),
      remove: await edit('remove', remove),
      combine: combination(combine),
    };
    const row = await updateCohort(platform.dataSource, viewer, keyOf('id', 'Cohort', id), change);
    const unknown = [change, change.add, change.remove].flatMap((part) => part?.found?.unknown ?? []);
    return { cohort: new CohortNode(row), unknownExams: unknown };
  }

  @Mutation(() => ShareCohortPayload, {
    description: 'Sets who may read a cohort. What it holds stays the same version.',
  })
  async shareCohort(
    @Ctx() context: Context,
    @Arg('input', () => ShareCohortInput, INPUT) { id, visibility }: IdInput & { visibility: CohortVisibility },
  ): Promise<CohortPayload> {
    requireRole(context, 'ANALYST', 'shareCohort');
    const { platform, viewer } = context;
    const row = await shareCohort(platform.dataSource, viewer, keyOf('id', 'Cohort', id), visibility);
    return { cohort: new CohortNode(row) };
  }

  @Mutation(() => DeleteCohortPayload, { description: 'Deletes a cohort with all its versions.' })
  async deleteCohort(
    @Ctx() context: Context,
    @Arg('input', () => DeleteCohortInput, INPUT) { id }: IdInput,
  ): Promise<DeletedCohortPayload> {
    requireRole(context, 'ANALYST', 'deleteCohort');
    const { platform, viewer } = context;
    await deleteCohort(platform.dataSource, viewer, keyOf('id', 'Cohort', id));
    return { deletedCohortId: id };
  }

  @Mutation(() => SplitCohortPayload, {
    description:
      'Splits a cohort by participant into new STATIC cohorts: into fractions or folds that are alike in KL grades or sites, at random, ' +
      'or by site. Both knees and all visits of a participant go together.',
  })
  async splitCohort(
    @Ctx() context: Context,
    @Arg('input', () => SplitCohortInput, INPUT) { id, ...request }: SplitCohortInput,
  ): Promise<SplitPayload> {
    requireRole(context, 'ANALYST', 'splitCohort');
    const { platform, viewer } = context;
    const parts = await splitCohort(platform.dataSource, viewer, keyOf('id', 'Cohort', id), request);
    return { parts: parts.map(({ cohort, ...part }) => ({ ...part, cohort: new CohortNode(cohort) })) };
  }
}

function examKeys(argument: string, ids: string[] | null | undefined): number[] | null {
  return ids ? ids.map((id, index) => Number(keyOf(`${argument}[${index}]`, 'KneeExam', id))) : null;
}

function combination(combine: CombineCohortsInput | null | undefined) {
  if (!combine) return null;
  const cohorts = combine.cohorts.map((id, index) => keyOf(`combine.cohorts[${index}]`, 'Cohort', id));
  return { operation: combine.operation, cohorts };
}
