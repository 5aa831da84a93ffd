import { Check, Column, Entity, Generated, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { type DeliveredEvent, WEBHOOK_DELIVERY_STATES, type WebhookDeliveryState } from '../domain/webhooks.js';
import { stateCheck } from '../domain/work.js';
import { Webhook } from './webhook.js';
import { Work } from './work.js';

/** A message to a webhook. It is written in the transaction in which happens what it tells of. */
@Entity('webhook_delivery')
@Index('webhook_delivery_by_state', ['state', 'createdAt'])
@Index('webhook_delivery_created', ['createdAt', 'id'])
@Index('webhook_delivery_webhook', ['webhookId'])
@Index('webhook_delivery_generation', ['generationId'])
@Check('webhook_delivery_state', stateCheck(WEBHOOK_DELIVERY_STATES))
export class WebhookDelivery extends Work {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'PK_webhook_delivery',
  })
  id!: number;

  @Column('text')
  state!: WebhookDeliveryState;

  @Column('integer')
  webhookId!: number;

  @ManyToOne(() => Webhook, { onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_webhook_delivery_webhook' })
  webhook!: Relation<Webhook>;

  /** What the receiver knows the message by, however often it comes. */
  @Column('uuid')
  @Generated('uuid')
  messageId!: string;

  @Column('text')
  event!: DeliveredEvent;

  /** Key of the work that the event is about. */
  @Column('text')
  subject!: string;

  /** The same, of a generation: without a foreign key, so that who is told learns of one that is deleted, and found by erasures. */
  @Column('uuid', { nullable: true })
  generationId!: string | null;

  /** What else the message says of the work. */
  @Column('jsonb', { default: {} })
  detail!: Record<string, unknown>;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  happenedAt!: Date;

  /** HTTP status of the last answer; null before there is one. */
  @Column('smallint', { nullable: true })
  responseStatus!: number | null;

  /** Beginning of the last answer, at most 1 kB. */
  @Column('text', { nullable: true })
  responseBody!: string | null;
}
