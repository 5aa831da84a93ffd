import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Participant } from './participant.js';

/**
 * DICOM UIDs of what a bundle had made of an image of a participant before it was deleted, if it was listed by then. A PACS may still have
 * it, and the audit says who fetched it; a trigger writes the row.
 */
@Entity('former_result')
@Index('former_result_participant', ['participantId'])
@Index('former_result_uids', { synchronize: false })
export class FormerResult {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'PK_former_result',
  })
  id!: number;

  @Column('integer')
  participantId!: number;

  @ManyToOne(() => Participant, { onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_former_result_participant' })
  participant!: Relation<Participant>;

  /** Of studies and series. */
  @Column('text', { array: true })
  uids!: string[];
}
