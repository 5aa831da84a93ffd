import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { DICOM_SENDING_STATES, type DicomSendingState } from '../domain/dicom-sendings.js';
import { stateCheck } from '../domain/work.js';
import { ApiToken } from './api-token.js';
import { DicomPeer } from './dicom-peer.js';
import { DicomSeries } from './dicom-series.js';
import { Work } from './work.js';

/** The DICOM objects of one image on their way to a peer. It goes with the image. */
@Entity('dicom_sending')
@Index('dicom_sending_by_state', ['state', 'createdAt'])
@Index('dicom_sending_series', ['seriesId'])
@Index('dicom_sending_peer', ['peerId'])
@Index('dicom_sending_requested_by', ['requestedById'])
@Check('dicom_sending_state', stateCheck(DICOM_SENDING_STATES))
export class DicomSending extends Work {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'PK_dicom_sending',
  })
  id!: number;

  @Column('text')
  state!: DicomSendingState;

  @Column('integer')
  peerId!: number;

  @ManyToOne(() => DicomPeer, { onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_dicom_sending_peer' })
  peer!: Relation<DicomPeer>;

  @Column('integer')
  seriesId!: number;

  @ManyToOne(() => DicomSeries, { onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_dicom_sending_series' })
  series!: Relation<DicomSeries>;

  /** Objects that the peer has answered for, in the order of the image. */
  @Column('integer', { default: 0 })
  sent!: number;

  /** Of those, how many it has taken with a warning. */
  @Column('integer', { default: 0 })
  warned!: number;

  /** Of what was made: that of its DicomSeries which these were counted of. What has changed since is sent anew. */
  @Column('integer', { nullable: true })
  revision!: number | null;

  /** Objects to send; null before they are counted. */
  @Column('integer', { nullable: true })
  total!: number | null;

  /** Null for the command line. */
  @Column('integer', { nullable: true })
  requestedById!: number | null;

  @ManyToOne(() => ApiToken, { nullable: true })
  @JoinColumn({ foreignKeyConstraintName: 'FK_dicom_sending_requested_by' })
  requestedBy!: Relation<ApiToken> | null;
}
