import { Field, ID, Int, ObjectType } from 'type-graphql';
import { payloadType } from './mutation-types.js';
import { inputType } from './operators.js';
import { DateTime, LargeInt } from './scalars.js';

/** What `eraseParticipant` is told. */
export interface EraseParticipantRequest {
  oaiId: string;
  dryRun?: boolean | null;
}

export const EraseParticipantInput = inputType('EraseParticipantInput', 'What `eraseParticipant` takes.', {
  oaiId: { type: () => String, description: "The participant's id, seven digits.", required: true },
  dryRun: { type: () => Boolean, description: 'Tell what would be removed, and change nothing. Default: false.' },
});

@ObjectType({ simpleResolvers: true, description: 'Rows of one table of the database.' })
export class ErasedRows {
  @Field(() => String, { description: 'Name of the table.' })
  table!: string;

  @Field(() => Int, { description: 'How many rows of it.' })
  rows!: number;
}

@ObjectType({ simpleResolvers: true, description: 'The files that went with a participant.' })
export class ErasedFiles {
  @Field(() => Int, { description: 'How many files; those that somebody else has as well stay and are not counted.' })
  count!: number;

  @Field(() => LargeInt, { description: 'Their size together, in bytes.' })
  bytes!: number;

  @Field(() => [String], {
    description: 'A keyed digest of each, which only this database can compare with a file; none for a dry run.',
  })
  digests!: string[];
}

@ObjectType({ simpleResolvers: true, description: 'The certificate of an erasure. It names nobody.' })
export class ErasureCertificate {
  @Field(() => ID, { nullable: true, description: 'By which the certificate is kept; null for a dry run.' })
  id!: string | null;

  @Field(() => DateTime, { description: 'When it was done.' })
  at!: Date;

  @Field(() => Boolean, { description: 'True when nothing was changed.' })
  dryRun!: boolean;

  @Field(() => [ErasedRows], { description: 'Rows of the participant that were removed, by table.' })
  removed!: ErasedRows[];

  @Field(() => [ErasedRows], {
    description: 'Rows of others that named the participant and do not any more, by table.',
  })
  rewritten!: ErasedRows[];

  @Field(() => Int, {
    description: 'Finished exports whose file was taken back: they might have held the participant.',
  })
  expiredExports!: number;

  @Field(() => Int, { description: 'Exports that were being written, and are written anew.' })
  restartedExports!: number;

  @Field(() => ErasedFiles, { description: 'The removed files.' })
  files!: ErasedFiles;
}

export interface EraseParticipantResult {
  erasure: ErasureCertificate;
}

export const EraseParticipantPayload = payloadType<EraseParticipantResult>('eraseParticipant', {
  erasure: [() => ErasureCertificate, 'What was removed, or would be.'],
});
