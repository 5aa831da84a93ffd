import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { INPUT } from '../schema/arguments.js';
import {
  EraseParticipantInput,
  EraseParticipantPayload,
  type EraseParticipantRequest,
  type EraseParticipantResult,
} from '../schema/erasure.js';
import { eraseParticipant } from '../services/erasures/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';

@Resolver()
export class ErasureResolver {
  @Mutation(() => EraseParticipantPayload, {
    description:
      'Erases a participant who has withdrawn consent: exams, readings, images, everything derived from them, and what names them elsewhere. ' +
      'It cannot be taken back, and imports leave the participant out from then on. Refused while work on the participant is under way.',
  })
  async eraseParticipant(
    @Ctx() context: Context,
    @Arg('input', () => EraseParticipantInput, INPUT) input: EraseParticipantRequest,
  ): Promise<EraseParticipantResult> {
    requireRole(context, 'ADMIN', 'eraseParticipant');
    return { erasure: await eraseParticipant(context.platform, context.viewer, input) };
  }
}
