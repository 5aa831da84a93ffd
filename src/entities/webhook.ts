import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import type { WebhookEvent } from '../domain/webhooks.js';
import { ApiToken } from './api-token.js';

/** An address that is told how work ends. */
@Entity('webhook')
@Index('webhook_owner', ['ownerId'])
export class Webhook {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'PK_webhook',
  })
  id!: number;

  @Column('text')
  url!: string;

  @Column('text')
  description!: string;

  /** Events that are sent to it. */
  @Column('text', { array: true })
  events!: WebhookEvent[];

  /** Whether it is told of everybody's work, and not of its owner's alone. */
  @Column('boolean')
  everybodys!: boolean;

  /** Its key, "whsec_..." as Standard Webhooks write it: messages are signed with it, so it has to be known. */
  @Column('text')
  secret!: string;

  /** The key before, with which messages are signed too until that time. */
  @Column('text', { nullable: true })
  previousSecret!: string | null;

  @Column('timestamptz', { nullable: true })
  previousSecretUntil!: Date | null;

  /** Since when nothing has reached it; null after a success. */
  @Column('timestamptz', { nullable: true })
  failingSince!: Date | null;

  /** Null while it is told of what happens. */
  @Column('timestamptz', { nullable: true })
  disabledAt!: Date | null;

  /** One sentence that says why it is disabled. */
  @Column('text', { nullable: true })
  disabledReason!: string | null;

  /** Null for the command line. */
  @Column('integer', { nullable: true })
  ownerId!: number | null;

  @ManyToOne(() => ApiToken, { nullable: true })
  @JoinColumn({ foreignKeyConstraintName: 'FK_webhook_owner' })
  owner!: Relation<ApiToken> | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
