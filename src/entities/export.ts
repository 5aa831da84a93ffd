import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import {
  type ArchiveChoice,
  EXPORT_STATES,
  type ExportFormat,
  type ExportState,
  type TableShape,
} from '../domain/exports.js';
import type { VariableRef } from '../domain/variables/index.js';
import { stateCheck } from '../domain/work.js';
import { ApiToken } from './api-token.js';
import { Asset } from './asset.js';
import { Work } from './work.js';

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
@Check('export_state', stateCheck(EXPORT_STATES))
export class Export extends Work {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('text')
  state!: ExportState;

  @Column('text')
  format!: ExportFormat;

  /** Names of the columns, in the file's order; none of an archive. */
  @Column('text', { array: true })
  columns!: string[];

  /** What the names of variables meant whose columns it has. */
  @Column('jsonb', { default: [] })
  variables!: VariableRef[];

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

  /** What a table has beside the exams' own columns; null for nothing. */
  @Column('json', { nullable: true })
  shape!: TableShape | null;

  /** Exams looked through, and how many there are to look through; volumes of an archive. */
  @Column('integer', { default: 0 })
  done!: number;

  @Column('integer', { default: 0 })
  total!: number;

  /** Rows or volumes written. */
  @Column('integer', { default: 0 })
  rows!: number;

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

  /** When the file is removed. */
  @Column('timestamptz', { nullable: true })
  expiresAt!: Date | null;
}
