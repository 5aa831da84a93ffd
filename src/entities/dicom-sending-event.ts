import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { DicomSending } from './dicom-sending.js';

/** One line of a sending's log; `seq` runs 1, 2, 3, ... without a gap. */
@Entity('dicom_sending_event')
export class DicomSendingEvent {
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'PK_dicom_sending_event' })
  dicomSendingId!: number;

  @ManyToOne(() => DicomSending, { onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_dicom_sending_event_sending' })
  dicomSending!: Relation<DicomSending>;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'PK_dicom_sending_event' })
  seq!: number;

  @Column('text')
  type!: 'STATE_CHANGED';

  @Column('jsonb')
  payload!: Record<string, unknown>;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;
}
