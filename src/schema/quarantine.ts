import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Side } from '../domain/participants.js';
import { QUARANTINE_STATES, type QuarantineState } from '../domain/quarantine.js';
import type { QuarantinedImage } from '../entities/index.js';
import { choices } from './enum-types.js';
import { SideEnum } from './enums.js';
import { payloadType } from './mutation-types.js';
import { Node } from './node.js';
import { DateTime } from './scalars.js';

export const QuarantineStateEnum = choices(
  'QuarantineState',
  QUARANTINE_STATES,
  'What was decided about an image whose header contradicts what it was to be imported as.',
  {
    OPEN: 'Nothing yet.',
    ACCEPTED: 'The next import takes it as what it was meant to be.',
    REJECTED: 'It is never imported so.',
  },
);

const QuarantineResolutionEnum = choices(
  'QuarantineResolution',
  ['ACCEPTED', 'REJECTED'],
  'What is decided about an image in quarantine.',
  {
    ACCEPTED: 'The next import takes it as what it was meant to be.',
    REJECTED: 'It is never imported so.',
  },
);

const QuarantinedKindEnum = choices(
  'QuarantinedImageKind',
  ['RADIOGRAPH', 'MRI_SERIES'],
  'What an image in quarantine was to be imported as.',
  { RADIOGRAPH: 'A film.', MRI_SERIES: 'An MRI series.' },
);

@ObjectType('QuarantinedImage', {
  implements: Node,
  simpleResolvers: true,
  description: 'An image whose header contradicts what it was to be imported as. Its pixels are not kept here.',
})
export class QuarantinedImageNode extends Node {
  @Field(() => QuarantinedKindEnum, { description: 'What it was to be imported as.' })
  kind: 'RADIOGRAPH' | 'MRI_SERIES';

  @Field(() => String, { description: 'The participant whose it was to be.' })
  oaiId: string;

  @Field(() => String, { description: 'The visit, e.g. V00.' })
  visit: string;

  @Field(() => SideEnum, { nullable: true, description: 'The knee; null for a film of both.' })
  side: Side | null;

  @Field(() => String, { description: 'Its file within the release, or by which door it came and from whom.' })
  file: string;

  @Field(() => String, { description: 'What its header says, to follow "the file says that".' })
  contradiction: string;

  @Field(() => QuarantineStateEnum, { description: 'What was decided.' })
  state: QuarantineState;

  @Field(() => String, { nullable: true, description: 'Why; null while it is OPEN.' })
  reason: string | null;

  @Field(() => DateTime, { description: 'When an import stumbled over it first.' })
  foundAt: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it was decided; null while it is OPEN.' })
  resolvedAt: Date | null;

  @Field(() => String, { nullable: true, description: 'Name of the token that decided; null for the command line.' })
  resolvedBy: string | null;

  constructor(row: QuarantinedImage) {
    super('QuarantinedImage', row.id);
    this.kind = row.kind;
    this.oaiId = row.oaiId;
    this.visit = row.visit;
    this.side = row.side;
    this.file = row.file;
    this.contradiction = row.contradiction;
    this.state = row.state;
    this.reason = row.reason;
    this.foundAt = row.foundAt;
    this.resolvedAt = row.resolvedAt;
    this.resolvedBy = row.resolvedBy?.name ?? null;
  }
}

@InputType({ description: 'What is decided about an image in quarantine.' })
export class ResolveQuarantinedImageInput {
  @Field(() => ID, { description: 'Node id of the image in quarantine.' })
  id!: string;

  @Field(() => QuarantineResolutionEnum, { description: 'What the next import is to do with it.' })
  resolution!: 'ACCEPTED' | 'REJECTED';

  @Field(() => String, { description: 'Why, 3 to 500 characters; it stays with the image and in the audit.' })
  reason!: string;
}

export interface ResolveQuarantinedPayload {
  quarantinedImage: QuarantinedImageNode;
}
export const ResolveQuarantinedImagePayload = payloadType<ResolveQuarantinedPayload>('resolveQuarantinedImage', {
  quarantinedImage: [() => QuarantinedImageNode, 'The image, as it was decided.'],
});
