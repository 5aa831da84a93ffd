import type { Logger } from 'pino';
import type { DataSource, EntityManager, FindOptionsRelations } from 'typeorm';
import type { Work } from '../entities/index.js';
import type { Fault } from './faults.js';
import type { Lease } from './lease.js';
import type { Change, LogBody, StateMachine } from './states.js';

/** How an attempt that has done everything ends: in one transaction, which also makes it succeed. */
export interface Completion<R extends Work, B extends LogBody> {
  /** Writes what the work comes to; returns what its row and log say of it. */
  finish(manager: EntityManager): Promise<Pick<Change<R, B>, 'events' | 'set'>>;
  /** Takes back what was stored before, when the attempt turns out to be over. */
  undo?(): Promise<void>;
}

/** What one attempt is given. */
export interface RunContext<R extends Work, B extends LogBody, Resources> {
  /** As it was just claimed. */
  row: R;
  /** The only way in which the attempt writes, and the signal that tells it to stop. */
  lease: Lease<R, B>;
  dataSource: DataSource;
  resources: Resources;
  logger: Logger;
  /** How long the claim took, s. */
  claimSeconds: number;
  /** Called once, when it is decided where the attempt leads; the cause is one of a few words, null for a success. */
  onEnd(listener: (outcome: string, cause: string | null) => void): void;
}

/**
 * A kind of long work: everything that the kernel must be told of it. One that nobody runs by itself (a batch, which its
 * generations move) is a {@link LoggedKind} and no more.
 */
export interface WorkKind<R extends Work = Work, B extends LogBody = LogBody, Resources = never> extends StateMachine<
  R,
  B
> {
  /** Who does it, as messages say: "Its worker is shutting down." */
  readonly holder: 'worker' | 'server';
  /** What this kind calls the state after a success, and after a cancellation. */
  readonly succeeded: R['state'];
  readonly canceled: R['state'];
  /**
   * How running work is canceled. AT_ONCE: its row is final with the request, and whoever is at it finds out; BY_HOLDER: its row
   * is marked, and whoever is at it makes it final when they have stopped.
   */
  readonly cancels: 'AT_ONCE' | 'BY_HOLDER';
  /** What one piece waits for, such as a machine of somebody else's, others need not wait for: a runner goes on with them. */
  readonly waitsApart?: true;
  /** Loaded with the row that is run. */
  readonly relations?: FindOptionsRelations<R>;
  /** Columns that say who has it. */
  claiming?(row: R, resources: Resources): Partial<R>;
  /** Throws while something that the work needs is away: it then waits and is not claimed at all. */
  ready?(row: R, resources: Resources): Promise<void>;
  /** Does the work, from wherever earlier attempts have left it. */
  run(context: RunContext<R, B, Resources>): Promise<Completion<R, B>>;
  /** What an error of this kind's own means; undefined for what the kernel knows. */
  faultOf?(error: unknown): Fault | undefined;
  /** What is to be tidied up now and then, by whoever runs this kind. */
  tidy?(dataSource: DataSource, resources: Resources): Promise<void>;
}
