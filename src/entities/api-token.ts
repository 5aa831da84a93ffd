import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Role } from '../domain/roles.js';

/** A bearer token; only its hash is stored. */
@Entity()
@Unique(['hash'])
export class ApiToken {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  /** Who or what it is for, chosen by the maker. */
  @Column('text')
  name!: string;

  /** Lower-case hex SHA-256 of the token, which is 256 random bits. */
  @Column('text')
  hash!: string;

  @Column('text')
  role!: Role;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { nullable: true })
  expiresAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  revokedAt!: Date | null;
}
