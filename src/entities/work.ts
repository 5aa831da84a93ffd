import { Column, CreateDateColumn } from 'typeorm';
import { MAX_ATTEMPTS } from '../domain/work.js';

/** The columns of work that outlives the process that does it. They change in src/work only. */
export abstract class Work {
  abstract id: string | number;
  abstract state: string;

  /** How often it has been started; what a process does counts only while this is the attempt it was given. */
  @Column('smallint', { default: 0 })
  attempt!: number;

  /**
   * The attempt after which a crash is final: so many more were granted by the request, by asking for it again, and by each
   * end of an attempt that was not its own fault.
   */
  @Column('smallint', { default: MAX_ATTEMPTS })
  attemptLimit!: number;

  @Column('boolean', { default: false })
  cancelRequested!: boolean;

  /** Sequence number of the newest line of its log. */
  @Column('integer', { default: 0 })
  lastSeq!: number;

  /** How often in a row it had to wait for something that was away; decides how long the next wait is. */
  @Column('smallint', { default: 0 })
  waits!: number;

  /** While it is QUEUED: when it may be started at the earliest; null for at once. */
  @Column('timestamptz', { nullable: true })
  notBefore!: Date | null;

  /** One sentence that says why it waits although it could be started; null otherwise. */
  @Column('text', { nullable: true })
  waitingReason!: string | null;

  /** One sentence that says why it failed. */
  @Column('text', { nullable: true })
  error!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { nullable: true })
  startedAt!: Date | null;

  /** The process that is at it says so every few seconds; one that has fallen silent has died. */
  @Column('timestamptz', { nullable: true })
  heartbeatAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  finishedAt!: Date | null;
}
