import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Participant } from './participant.js';

/** What the audit's pseudonyms of a participant are made with. It goes with the participant, and nobody can tell the pseudonyms any more. */
@Entity()
export class AuditKey {
  @PrimaryColumn('integer')
  participantId!: number;

  @ManyToOne(() => Participant, { onDelete: 'CASCADE' })
  @JoinColumn()
  participant!: Relation<Participant>;

  /** 64 hexadecimal digits. */
  @Column('text')
  key!: string;

  /** Days that the dates of images added by hand go back; null where no release has told it, and the key does. */
  @Column('integer', { nullable: true })
  daysBack!: number | null;
}
