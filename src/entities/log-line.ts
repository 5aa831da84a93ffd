import { Column } from 'typeorm';

/** What a line of a log says; which row it belongs to, and its `seq`, which runs 1, 2, 3, ... without a gap, are its table's. */
export abstract class LogLine<Type extends string> {
  @Column('text')
  type!: Type;

  @Column('jsonb')
  payload!: Record<string, unknown>;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;
}
