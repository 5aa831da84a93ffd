import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import type { ArchiveChoice, ExportFormat, ExportState } from '../domain/exports.js';
import { ApiToken } from './api-token.js';
import { Asset } from './asset.js';

/** A cohort that an export's filter speaks of, in the version that was read. */
export interface ExportedCohort {
  /** As the API knows it. */
  id: string;
  version: number;
  name: string;
}

/** A file of knee exams or their volumes that was asked for: what it holds, how far it is, and where it lies until it expires. */
@Entity()
@Index(['state', 'createdAt'])
@Index(['requestedById'])
@Index(['assetId'])
@Index(['manifestAssetId'])
export class Export {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('text')
  state!: ExportState;

  @Column('text')
  format!: ExportFormat;

  /** Names of the columns, in the file's order; none of an archive. */
  @Column('text', { array: true })
  columns!: string[];

  /** Filter of knee exams as it was asked for; null selects all. Plain json, because jsonb would forget the order. */
  @Column('json', { nullable: true })
  filter!: object | null;

  /** The same filter with what its cohorts held when it was asked for. */
  @Column('json', { nullable: true })
  selection!: object | null;

  @Column('jsonb', { default: [] })
  cohorts!: ExportedCohort[];

  /** Which series an archive holds; null for a table. */
  @Column('json', { nullable: true })
  archive!: ArchiveChoice | null;

  /** How often a server has begun to write it; what it does counts only while this is the attempt it began. */
  @Column('smallint', { default: 0 })
  attempt!: number;

  /** Exams looked through, and how many there are to look through; volumes of an archive. */
  @Column('integer', { default: 0 })
  done!: number;

  @Column('integer', { default: 0 })
  total!: number;

  /** Rows or volumes written. */
  @Column('integer', { default: 0 })
  rows!: number;

  /** One sentence that says why it failed. */
  @Column('text', { nullable: true })
  error!: string | null;

  /** Digest, counts and data dictionary of the finished file; stays when the file expires. */
  @Column('json', { nullable: true })
  manifest!: object | null;

  @Column('integer', { nullable: true })
  assetId!: number | null;

  @ManyToOne(() => Asset, { nullable: true })
  @JoinColumn()
  asset!: Relation<Asset> | null;

  /** Of an archive: its manifest.json, which stays when the archive expires. */
  @Column('integer', { nullable: true })
  manifestAssetId!: number | null;

  @ManyToOne(() => Asset, { nullable: true })
  @JoinColumn()
  manifestAsset!: Relation<Asset> | null;

  @Column('integer')
  requestedById!: number;

  @ManyToOne(() => ApiToken)
  @JoinColumn()
  requestedBy!: Relation<ApiToken>;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { nullable: true })
  startedAt!: Date | null;

  /** The server that writes it says so every few seconds; one that has fallen silent has died. */
  @Column('timestamptz', { nullable: true })
  heartbeatAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  finishedAt!: Date | null;

  /** When the file is removed. */
  @Column('timestamptz', { nullable: true })
  expiresAt!: Date | null;
}
