import { Arg, Ctx, Int, Mutation, Query, Resolver } from 'type-graphql';
import { UserError } from '../domain/errors.js';
import type { QuarantineState } from '../domain/quarantine.js';
import { INPUT } from '../schema/arguments.js';
import { listComplexity } from '../schema/limits.js';
import {
  QuarantinedImageNode,
  QuarantineStateEnum,
  ResolveQuarantinedImageInput,
  ResolveQuarantinedImagePayload,
  type ResolveQuarantinedPayload,
} from '../schema/quarantine.js';
import { listQuarantine, resolveQuarantined } from '../services/imports/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { keyOf } from './ids.js';

const MAX_LIST = 200;

@Resolver()
export class QuarantineResolver {
  @Query(() => [QuarantinedImageNode], {
    description: 'Images whose headers contradict what they were to be imported as, the newest first.',
    complexity: listComplexity(50),
  })
  async quarantinedImages(
    @Ctx() context: Context,
    @Arg('state', () => QuarantineStateEnum, { nullable: true, description: 'Only in this state; default: all.' })
    state: QuarantineState | null,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most so many, 1 to 200.' }) first: number,
  ): Promise<QuarantinedImageNode[]> {
    requireRole(context, 'OPERATOR', 'Reading the quarantine');
    if (first < 1 || first > MAX_LIST) throw new UserError('BAD_USER_INPUT', `first must be 1 to ${MAX_LIST}.`);
    const rows = await listQuarantine(context.platform.dataSource, { state: state ?? null, limit: first });
    return rows.map((row) => new QuarantinedImageNode(row));
  }

  @Mutation(() => ResolveQuarantinedImagePayload, {
    description:
      'Accepts an image in quarantine, so that the next import takes it as what it was meant to be, or rejects it. The decision may be changed.',
  })
  async resolveQuarantinedImage(
    @Ctx() context: Context,
    @Arg('input', () => ResolveQuarantinedImageInput, INPUT) { id, resolution, reason }: ResolveQuarantinedImageInput,
  ): Promise<ResolveQuarantinedPayload> {
    requireRole(context, 'OPERATOR', 'resolveQuarantinedImage');
    const key = Number(keyOf('id', 'QuarantinedImage', id));
    const row = await resolveQuarantined(context.platform.dataSource, context.viewer, key, {
      state: resolution,
      reason,
    });
    return { quarantinedImage: new QuarantinedImageNode(row) };
  }
}
