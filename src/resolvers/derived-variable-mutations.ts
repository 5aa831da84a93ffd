import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { INPUT } from '../schema/arguments.js';
import {
  CreateDerivedVariableInput,
  CreateDerivedVariablePayload,
  DeleteDerivedVariableInput,
  DeleteDerivedVariablePayload,
  type DeletedDerivedVariablePayload,
  DerivedVariableNode,
  type DerivedVariablePayload,
  UpdateDerivedVariableInput,
  UpdateDerivedVariablePayload,
} from '../schema/derived-variable.js';
import type { IdInput } from '../schema/mutation-types.js';
import { createDerivedVariable, deleteDerivedVariable, updateDerivedVariable } from '../services/derived/index.js';
import { type Context, requireRole } from './context.js';
import { keyOf } from './ids.js';

@Resolver()
export class DerivedVariableMutationResolver {
  @Mutation(() => CreateDerivedVariablePayload, {
    description: 'Defines a variable of knee exams by filters: yes or no, or bands. Every reader may use it.',
  })
  async createDerivedVariable(
    @Ctx() context: Context,
    @Arg('input', () => CreateDerivedVariableInput, INPUT) input: CreateDerivedVariableInput,
  ): Promise<DerivedVariablePayload> {
    requireRole(context, 'ANALYST', 'createDerivedVariable');
    const { platform, viewer } = context;
    const row = await createDerivedVariable(platform.dataSource, viewer, { ...input });
    return { derivedVariable: new DerivedVariableNode(row) };
  }

  @Mutation(() => UpdateDerivedVariablePayload, {
    description:
      'Makes a new version of a derived variable. The old ones stay, and so does what was made with them: cohorts, exports, evaluations and batches go on ' +
      'with the version that they name.',
  })
  async updateDerivedVariable(
    @Ctx() context: Context,
    @Arg('input', () => UpdateDerivedVariableInput, INPUT) { id, ...change }: UpdateDerivedVariableInput,
  ): Promise<DerivedVariablePayload> {
    requireRole(context, 'ANALYST', 'updateDerivedVariable');
    const { platform, viewer } = context;
    const row = await updateDerivedVariable(platform.dataSource, viewer, keyOf('id', 'DerivedVariable', id), change);
    return { derivedVariable: new DerivedVariableNode(row) };
  }

  @Mutation(() => DeleteDerivedVariablePayload, {
    description:
      'Deletes a derived variable with all its versions; refused while a variable, a cohort, an evaluation, a batch or a file of an export was made with it.',
  })
  async deleteDerivedVariable(
    @Ctx() context: Context,
    @Arg('input', () => DeleteDerivedVariableInput, INPUT) { id }: IdInput,
  ): Promise<DeletedDerivedVariablePayload> {
    requireRole(context, 'ANALYST', 'deleteDerivedVariable');
    const { platform, viewer } = context;
    await deleteDerivedVariable(platform.dataSource, viewer, keyOf('id', 'DerivedVariable', id));
    return { deletedDerivedVariableId: id };
  }
}
