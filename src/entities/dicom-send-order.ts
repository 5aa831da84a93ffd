import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { ApiToken } from './api-token.js';
import { DicomPeer } from './dicom-peer.js';
import { Generation } from './generation.js';

/** That what a generation makes is to be sent to a peer as soon as it is made. It is gone once the sending is there. */
@Entity('dicom_send_order')
@Index('dicom_send_order_peer', ['peerId'])
export class DicomSendOrder {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'PK_dicom_send_order' })
  generationId!: string;

  @ManyToOne(() => Generation, { onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_dicom_send_order_generation' })
  generation!: Relation<Generation>;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'PK_dicom_send_order' })
  peerId!: number;

  @ManyToOne(() => DicomPeer, { onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_dicom_send_order_peer' })
  peer!: Relation<DicomPeer>;

  /** Null for the command line. */
  @Column('integer', { nullable: true })
  requestedById!: number | null;

  @ManyToOne(() => ApiToken, { nullable: true })
  @JoinColumn({ foreignKeyConstraintName: 'FK_dicom_send_order_requested_by' })
  requestedBy!: Relation<ApiToken> | null;
}
