import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Role } from '../domain/roles.js';
import type { ApiToken } from '../entities/index.js';
import { RoleEnum } from './enums.js';
import { Node } from './node.js';
import { DateTime } from './scalars.js';

@ObjectType({ simpleResolvers: true, description: 'What a token may spend, and how much of it is left.' })
export class Quota {
  @Field(() => Int, { description: 'Points of a window. An operation costs its fields times their rows.' })
  limit!: number;

  @Field(() => Int, { description: 'Seconds of a window.' })
  window!: number;

  @Field(() => Int, { description: 'Points that are left.' })
  remaining!: number;

  @Field(() => Int, { description: 'Seconds until the quota is whole again.' })
  resetSeconds!: number;
}

@ObjectType({ simpleResolvers: true, description: 'Who is asking, and what they may do.' })
export class Viewer {
  @Field(() => ID, { description: 'Node id of the token, or of the person, who has the same one at every sign-in.' })
  id!: string;

  @Field(() => String, { description: 'Name of the token.' })
  name!: string;

  @Field(() => RoleEnum, { description: 'What the token may do.' })
  role!: Role;

  @Field(() => DateTime, { nullable: true, description: 'When the token ends.' })
  expiresAt!: Date | null;

  @Field(() => Boolean, { description: 'Whether counts may be asked for.' })
  canCount!: boolean;

  @Field(() => Boolean, { description: 'Whether records may be read.' })
  canRead!: boolean;

  @Field(() => Boolean, { description: 'Whether images may be fetched.' })
  canSeeImages!: boolean;

  @Field(() => Boolean, { description: 'Whether generations may be asked for, canceled and retried.' })
  canGenerate!: boolean;

  @Field(() => Boolean, { description: 'Whether tokens may be made and revoked.' })
  canAdminister!: boolean;

  @Field(() => Quota, { nullable: true, description: 'Null where the server sets none.' })
  quota!: Quota | null;
}

@ObjectType('ApiToken', {
  implements: Node,
  simpleResolvers: true,
  description:
    'A bearer token, whose text is not kept, or a person for whom an identity provider vouches, with what their latest token gives them.',
})
export class ApiTokenNode extends Node {
  @Field(() => String, { description: 'Who or what it is for; of a person, their name.' })
  name: string;

  @Field(() => RoleEnum, { description: 'What it may do.' })
  role: Role;

  @Field(() => String, {
    nullable: true,
    description: 'Address of the identity provider; null for a token of this server.',
  })
  issuer: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Whom the provider means, over all their tokens; null likewise.',
  })
  subject: string | null;

  @Field(() => DateTime, { description: 'When it was made, or the person first signed in.' })
  createdAt: Date;

  @Field(() => DateTime, { description: 'When it ends by itself; null: it lives until it is revoked.', nullable: true })
  expiresAt: Date | null;

  @Field(() => DateTime, { description: 'When it was revoked; null while it is not.', nullable: true })
  revokedAt: Date | null;

  constructor(readonly row: ApiToken) {
    super('ApiToken', row.id);
    this.name = row.name;
    this.role = row.role;
    this.issuer = row.issuer;
    this.subject = row.subject;
    this.createdAt = row.createdAt;
    this.expiresAt = row.expiresAt;
    this.revokedAt = row.revokedAt;
  }
}

@InputType({ description: 'A token to be made.' })
export class CreateTokenInput {
  @Field(() => String, { description: 'Who or what it is for, 1 to 100 characters.' })
  name!: string;

  @Field(() => RoleEnum, { description: 'What it may do.' })
  role!: Role;

  @Field(() => DateTime, { nullable: true, description: 'Default: it lives until it is revoked.' })
  expiresAt?: Date | null;
}
