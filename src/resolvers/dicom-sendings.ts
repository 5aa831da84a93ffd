import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { DicomSendingState } from '../domain/dicom-sendings.js';
import { UserError } from '../domain/errors.js';
import { INPUT } from '../schema/arguments.js';
import {
  CancelDicomSendingInput,
  CancelDicomSendingPayload,
  DicomPeerItem,
  DicomSendingNode,
  type DicomSendingPayload,
  DicomSendingStateEnum,
  RetryDicomSendingInput,
  RetryDicomSendingPayload,
  SendDicomInput,
  SendDicomPayload,
} from '../schema/dicom-sending.js';
import { GenerationNode } from '../schema/generation.js';
import { jobComplexity, listComplexity } from '../schema/limits.js';
import type { IdInput } from '../schema/mutation-types.js';
import { cancelSending, listPeers, listSendings, requestSendings, retrySending } from '../services/sendings/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { keyOf } from './ids.js';

const MAX_LIST = 200;

@Resolver(() => DicomSendingNode)
export class DicomSendingResolver {
  @Query(() => [DicomPeerItem], {
    description: 'The PACS that results may be sent to.',
    complexity: listComplexity(20),
  })
  async dicomPeers(@Ctx() context: Context): Promise<DicomPeerItem[]> {
    requireRole(context, 'OPERATOR', 'Reading DICOM peers');
    const rows = await listPeers(context.platform.dataSource);
    return rows.map((row) => new DicomPeerItem(row));
  }

  @Query(() => [DicomSendingNode], {
    description: "What the viewer has sent to a PACS, an administrator's view of everybody's; the newest first.",
    complexity: listComplexity(50),
  })
  async dicomSendings(
    @Ctx() context: Context,
    @Arg('state', () => DicomSendingStateEnum, { nullable: true, description: 'Only in this state; default: all.' })
    state: DicomSendingState | null,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most so many, 1 to 200.' }) first: number,
  ): Promise<DicomSendingNode[]> {
    requireRole(context, 'OPERATOR', 'Reading sendings');
    if (first < 1 || first > MAX_LIST) throw new UserError('BAD_USER_INPUT', `first must be 1 to ${MAX_LIST}.`);
    const { platform, viewer } = context;
    const rows = await listSendings(platform.dataSource, viewer, { state: state ?? null, limit: first });
    return rows.map((row) => new DicomSendingNode(row));
  }

  @Mutation(() => SendDicomPayload, {
    description:
      'Sends the DICOM objects of generations, or of series that are named, to a PACS by C-STORE, in the background. A PACS that is away is waited for.',
    complexity: jobComplexity,
  })
  async sendDicom(
    @Ctx() context: Context,
    @Arg('input', () => SendDicomInput, INPUT) { peer, generationIds, seriesUids }: SendDicomInput,
  ): Promise<SendDicomPayload> {
    requireRole(context, 'OPERATOR', 'sendDicom');
    const { platform, viewer } = context;
    const generations = (generationIds ?? []).map((id) => String(keyOf('generationIds', 'Generation', id)));
    const rows = await requestSendings(platform.dataSource, viewer, { peer, generations, seriesUids });
    platform.sendings.wake();
    return { sendings: rows.map((row) => new DicomSendingNode(row)) };
  }

  @Mutation(() => CancelDicomSendingPayload, {
    description: 'Stops a sending that waits or runs; what the PACS has of it stays there.',
  })
  async cancelDicomSending(
    @Ctx() context: Context,
    @Arg('input', () => CancelDicomSendingInput, INPUT) { id }: IdInput,
  ): Promise<DicomSendingPayload> {
    requireRole(context, 'OPERATOR', 'cancelDicomSending');
    const key = Number(keyOf('id', 'DicomSending', id));
    return { sending: new DicomSendingNode(await cancelSending(context.platform.dataSource, context.viewer, key)) };
  }

  @Mutation(() => RetryDicomSendingPayload, {
    description: 'Queues a sending that failed or was canceled anew; it goes on behind what the PACS has.',
  })
  async retryDicomSending(
    @Ctx() context: Context,
    @Arg('input', () => RetryDicomSendingInput, INPUT) { id }: IdInput,
  ): Promise<DicomSendingPayload> {
    requireRole(context, 'OPERATOR', 'retryDicomSending');
    const { platform, viewer } = context;
    const row = await retrySending(platform.dataSource, viewer, Number(keyOf('id', 'DicomSending', id)));
    platform.sendings.wake();
    return { sending: new DicomSendingNode(row) };
  }

  @FieldResolver(() => GenerationNode, {
    nullable: true,
    description: 'What made the image; null for one that no bundle made.',
  })
  async generation(@Root() { row }: DicomSendingNode, @Ctx() { loaders }: Context): Promise<GenerationNode | null> {
    const { generationId } = row.series;
    return generationId === null ? null : new GenerationNode(await loaders.generation.load(generationId));
  }
}
