import { Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { WebhookDelivery } from './webhook-delivery.js';
import { LogLine } from './log-line.js';

/** One line of a delivery's log; `seq` runs 1, 2, 3, ... without a gap. */
@Entity('webhook_delivery_event')
export class WebhookDeliveryEvent extends LogLine<'STATE_CHANGED'> {
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'PK_webhook_delivery_event' })
  webhookDeliveryId!: number;

  @ManyToOne(() => WebhookDelivery, { onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_webhook_delivery_event_delivery' })
  webhookDelivery!: Relation<WebhookDelivery>;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'PK_webhook_delivery_event' })
  seq!: number;
}
