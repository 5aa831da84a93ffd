import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { encodeId } from '../domain/global-ids.js';
import type { AuditEntry } from '../entities/index.js';
import { connectionType } from './connections.js';
import { filterInput } from './filter-input.js';
import { Node } from './node.js';
import { DateTimeFilter, IdFilter, TextFilter } from './operators.js';
import { DateTime } from './scalars.js';

@ObjectType('AuditEntry', {
  implements: Node,
  simpleResolvers: true,
  description: 'Who did what: one for every mutation, download and import. Participants are in it by pseudonyms.',
})
export class AuditEntryNode extends Node {
  @Field(() => DateTime, { description: 'When it was done.' })
  at: Date;

  @Field(() => ID, { nullable: true, description: 'Node id of the token that did it; null for the command line.' })
  tokenId: string | null;

  @Field(() => String, { description: 'What was done, e.g. "generateMri" or "asset.download".' })
  action: string;

  @Field(() => String, { nullable: true, description: 'What it was done to, e.g. the id of a generation.' })
  target: string | null;

  @Field(() => GraphQLJSONObject, { description: 'Further particulars.' })
  detail: Record<string, unknown>;

  @Field(() => Int, {
    nullable: true,
    description: 'Place in the chain, from 1; null for the few seconds until the row is sealed.',
  })
  place: number | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was sealed; null until then.' })
  sealedAt: Date | null;

  @Field(() => String, {
    nullable: true,
    description: 'SHA-256 that links it to all before it, 64 hexadecimal digits; null until it is sealed.',
  })
  digest: string | null;

  @Field(() => Boolean, { description: 'Whether an erasure has changed it since it was sealed.' })
  erased: boolean;

  constructor(readonly row: AuditEntry) {
    super('AuditEntry', row.id);
    this.at = row.at;
    this.tokenId = row.tokenId === null ? null : encodeId('ApiToken', row.tokenId);
    this.action = row.action;
    this.target = row.target;
    this.detail = row.detail;
    this.place = row.seq;
    this.sealedAt = row.sealedAt;
    this.digest = row.digest;
    this.erased = row.seq !== null && row.salt === null;
  }
}

export const AuditEntryConnection = connectionType('AuditEntry', () => AuditEntryNode);

export const AuditFilter = filterInput('AuditFilter', 'Selects rows of the audit.', () => AuditFilter, {
  id: [IdFilter, 'Node id.'],
  at: [DateTimeFilter, 'When it was done.'],
  action: [TextFilter, 'What was done.'],
  target: [TextFilter, 'What it was done to.'],
  token: [IdFilter, 'The token that did it.'],
});
