import { Check, Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Role } from '../domain/roles.js';

/** Who may ask: a bearer token of ours, of which only the hash is stored, or a person for whom an identity provider vouches. */
@Entity()
@Unique(['hash'])
@Unique('UQ_api_token_subject', ['issuer', 'subject'])
@Check('api_token_kind', 'num_nulls(issuer, subject) = CASE WHEN hash IS NULL THEN 0 ELSE 2 END')
export class ApiToken {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  /** Who or what it is for, chosen by the maker; a person's name as the provider last told it. */
  @Column('text')
  name!: string;

  /** Lower-case hex SHA-256 of the token, which is 256 random bits; null for a person. */
  @Column('text', { nullable: true })
  hash!: string | null;

  /** The provider that vouches for a person; null for a token of ours. */
  @Column('text', { nullable: true })
  issuer!: string | null;

  /** Whom the provider means, the same over all their tokens; null for a token of ours. */
  @Column('text', { nullable: true })
  subject!: string | null;

  /** Of a person: what their latest token gives them. */
  @Column('text')
  role!: Role;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  /** Of a person: when the latest of their tokens ends. */
  @Column('timestamptz', { nullable: true })
  expiresAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  revokedAt!: Date | null;
}
