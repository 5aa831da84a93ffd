import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import type { Compartment } from '../domain/compartments.js';
import type { JointSide } from '../domain/evaluations.js';
import { Asset } from './asset.js';
import { Generation } from './generation.js';

/** How a compartment differs between two volumes; intensities are shares of the range. */
export interface StoredCompartmentDifference {
  compartment: Compartment;
  meanAbsolute: number;
  meanSigned: number;
  shareOfDifference: number;
  shareOfVolume: number;
}

/** Joint space of both volumes in a compartment, mm; null where it is not seen. */
export interface StoredJointSpaceDifference {
  compartment: JointSide;
  first: number | null;
  second: number | null;
}

/** Two generated volumes of one knee compared voxel by voxel: computed once, kept. */
@Entity()
export class GenerationDifference {
  @PrimaryColumn('uuid')
  firstId!: string;

  @ManyToOne(() => Generation, { onDelete: 'CASCADE' })
  @JoinColumn()
  first!: Relation<Generation>;

  @PrimaryColumn('uuid')
  secondId!: string;

  @ManyToOne(() => Generation, { onDelete: 'CASCADE' })
  @JoinColumn()
  second!: Relation<Generation>;

  @Column('jsonb')
  summary!: {
    meanAbsolute: number;
    maximum: number;
    correlation: number | null;
    compartments: StoredCompartmentDifference[];
    /** Absent where it was compared before this was measured. */
    visible?: number;
    jointSpace?: StoredJointSpaceDifference[];
  };

  @Column('integer')
  volumeId!: number;

  @ManyToOne(() => Asset)
  @JoinColumn()
  volume!: Relation<Asset>;

  @Column('integer')
  pictureId!: number;

  @ManyToOne(() => Asset)
  @JoinColumn()
  picture!: Relation<Asset>;
}
