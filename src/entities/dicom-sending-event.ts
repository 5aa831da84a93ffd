import { Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { DicomSending } from './dicom-sending.js';
import { LogLine } from './log-line.js';

/** One line of a sending's log; `seq` runs 1, 2, 3, ... without a gap. */
@Entity('dicom_sending_event')
export class DicomSendingEvent extends LogLine<'STATE_CHANGED'> {
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'PK_dicom_sending_event' })
  dicomSendingId!: number;

  @ManyToOne(() => DicomSending, { onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_dicom_sending_event_sending' })
  dicomSending!: Relation<DicomSending>;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'PK_dicom_sending_event' })
  seq!: number;
}
