import {
  Check,
  Column,
  CreateDateColumn,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  Unique,
} from 'typeorm';
import type { Relation } from 'typeorm';
import type { Side } from '../domain/participants.js';
import { type QuarantineState, QUARANTINE_STATES } from '../domain/quarantine.js';
import { ApiToken } from './api-token.js';

/** An image whose header contradicts what it was to be imported as. Its pixels are not kept: once accepted, it is imported again. */
@Entity()
@Unique(['contentSha256', 'oaiId', 'visit', 'contradiction'])
@Check('quarantined_image_state', `state IN (${QUARANTINE_STATES.map((state) => `'${state}'`).join(', ')})`)
@Check('quarantined_image_is_resolved', `(state = 'OPEN') = (resolved_at IS NULL)`)
export class QuarantinedImage {
  @PrimaryGeneratedColumn('identity', { type: 'integer', generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('text')
  kind!: 'RADIOGRAPH' | 'MRI_SERIES';

  /** Digest of its pixels. */
  @Column('text')
  contentSha256!: string;

  /** Whose it was to be, of which visit and which knee; no side for a film of both. */
  @Column('text')
  oaiId!: string;

  @Column('text')
  visit!: string;

  @Column('text', { nullable: true })
  side!: Side | null;

  /** Its file within the release, or by which door it came and from whom. */
  @Column('text')
  file!: string;

  /** What its header says, e.g. "it shows the left knee, where the right one is expected". */
  @Column('text')
  contradiction!: string;

  @Column('text', { default: 'OPEN' })
  state!: QuarantineState;

  /** Why it was accepted or rejected. */
  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('integer', { nullable: true })
  resolvedById!: number | null;

  @ManyToOne(() => ApiToken, { nullable: true })
  @JoinColumn()
  resolvedBy!: Relation<ApiToken> | null;

  @Column('timestamptz', { nullable: true })
  resolvedAt!: Date | null;

  @CreateDateColumn({ type: 'timestamptz' })
  foundAt!: Date;
}
