import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { DICOM_SENDING_STATES, type DicomSendingState } from '../domain/dicom-sendings.js';
import type { DicomPeer, DicomSending } from '../entities/index.js';
import { choices } from './enum-types.js';
import { idInput, payloadType } from './mutation-types.js';
import { Node } from './node.js';
import { DateTime } from './scalars.js';

export const DicomSendingStateEnum = choices(
  'DicomSendingState',
  DICOM_SENDING_STATES,
  'Life of DICOM objects that are sent to a PACS.',
  {
    QUEUED: 'Waits for its turn, or for a PACS that is away.',
    RUNNING: 'A server sends it.',
    SUCCEEDED: 'The PACS has answered for every object.',
    FAILED: 'Given up; `error` says why.',
    CANCELED: 'Stopped on request; what the PACS has stays there.',
  },
);

@ObjectType('DicomPeer', {
  simpleResolvers: true,
  description: 'A PACS that results may be sent to. Whoever has the machine adds it, by `osteograph dicom-peers`.',
})
export class DicomPeerItem {
  @Field(() => String, { description: 'By which `sendDicom` and rules name it.' })
  name: string;

  @Field(() => String, { description: 'Its AE title.' })
  aeTitle: string;

  @Field(() => String, { description: 'Its machine.' })
  host: string;

  @Field(() => Int, { description: 'Its port.' })
  port: number;

  @Field(() => Boolean, { description: 'Whether it is spoken to over TLS.' })
  tls: boolean;

  constructor({ name, aeTitle, host, port, tls }: DicomPeer) {
    this.name = name;
    this.aeTitle = aeTitle;
    this.host = host;
    this.port = port;
    this.tls = tls;
  }
}

@ObjectType('DicomSending', {
  implements: Node,
  simpleResolvers: true,
  description: 'The DICOM objects of one image on their way to a PACS, by C-STORE.',
})
export class DicomSendingNode extends Node {
  @Field(() => DicomSendingStateEnum, { description: 'Current state.' })
  state: DicomSendingState;

  @Field(() => String, { description: 'Name of the PACS.' })
  peer: string;

  @Field(() => String, { nullable: true, description: 'Series Instance UID; null before the objects are listed.' })
  seriesUid: string | null;

  @Field(() => Int, { description: 'Objects that the PACS has answered for.' })
  sent: number;

  @Field(() => Int, { description: 'Of those, how many it has taken with a warning.' })
  warned: number;

  @Field(() => Int, { nullable: true, description: 'Objects to send; null before they are counted.' })
  total: number | null;

  @Field(() => Float, { description: 'How far it is, 0 to 1; 0 before the objects are counted.' })
  fraction: number;

  @Field(() => String, { nullable: true, description: 'One sentence that says why it failed.' })
  error: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'One sentence that says why it waits although it could be started, e.g. for a PACS that is away.',
  })
  waitingReason: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'While it waits for something: when it is tried again at the earliest.',
  })
  notBefore: Date | null;

  @Field(() => String, { nullable: true, description: 'Name of the token that asked; null for the command line.' })
  requestedBy: string | null;

  @Field(() => DateTime, { description: 'When it was asked for.' })
  createdAt: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it was first started; null while it waits.' })
  startedAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When it reached a final state; null before.' })
  finishedAt: Date | null;

  constructor(readonly row: DicomSending) {
    super('DicomSending', row.id);
    this.state = row.state;
    this.peer = row.peer.name;
    this.seriesUid = row.series.seriesUid;
    this.sent = row.sent;
    this.warned = row.warned;
    this.total = row.total;
    this.fraction = row.state === 'SUCCEEDED' ? 1 : row.total === null ? 0 : row.sent / Math.max(row.total, 1);
    this.error = row.error;
    this.waitingReason = row.waitingReason;
    this.notBefore = row.notBefore;
    this.requestedBy = row.requestedBy?.name ?? null;
    this.createdAt = row.createdAt;
    this.startedAt = row.startedAt;
    this.finishedAt = row.finishedAt;
  }
}

@InputType({ description: 'What is sent to a PACS; generationIds and seriesUids together name 1 to 1,000 images.' })
export class SendDicomInput {
  @Field(() => String, { description: 'Name of the PACS, see `dicomPeers`.' })
  peer!: string;

  @Field(() => [ID], { nullable: true, description: 'Generations that have succeeded.' })
  generationIds?: string[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Series Instance UIDs, as DICOMweb gives them: the only way to send an image that no bundle made.',
  })
  seriesUids?: string[] | null;
}

export interface SendDicomPayload {
  sendings: DicomSendingNode[];
}
export const SendDicomPayload = payloadType<SendDicomPayload>('sendDicom', {
  sendings: [() => [DicomSendingNode], 'One for each image.'],
});

export interface DicomSendingPayload {
  sending: DicomSendingNode;
}
export const CancelDicomSendingInput = idInput('cancelDicomSending', 'sending');
export const CancelDicomSendingPayload = payloadType<DicomSendingPayload>('cancelDicomSending', {
  sending: [() => DicomSendingNode, 'The sending, canceled.'],
});
export const RetryDicomSendingInput = idInput('retryDicomSending', 'sending');
export const RetryDicomSendingPayload = payloadType<DicomSendingPayload>('retryDicomSending', {
  sending: [() => DicomSendingNode, 'The sending, which waits for its turn.'],
});
