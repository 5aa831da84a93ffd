import type { DataSource } from 'typeorm';
import type { KneeKeys, KneeProgression } from '../domain/knees.js';
import type { Role } from '../domain/roles.js';
import type { BatchPace, EventHub } from '../services/batches/index.js';
import type { GenerationQueue } from '../scheduling/index.js';
import { createLoaders, type Loaders, LoadersByArguments, type SharedRows } from '../loaders/index.js';
import type { Asset, Batch, GenerationOutput, GenerationSlice } from '../entities/index.js';
import type { RawLists } from '../schema/raw-json.js';
import type { VariableCoverage, VariableItem, VariableValueItem } from '../schema/variable.js';
import type { AssetUrls } from '../services/files/index.js';
import type { BlobStore } from '../storage/index.js';
import type { BackgroundWork, EventLogs, ReadInTurn } from '../work/index.js';
import type { Differences, LoggedEvaluationEvent } from '../services/evaluations/index.js';
import type { KnownTokens, Quotas } from '../services/access/index.js';
import type { Page } from '../services/paging/index.js';
import type { FilmReadings } from '../services/film-readings/index.js';
import { requireRole as requireRoleOf, type TokenPrincipal, type WebhookRules } from '../policy/index.js';
import type { Uploads } from '../services/uploads/index.js';

/** What the resolvers are made of; lives as long as the server. */
export interface Platform {
  dataSource: DataSource;
  store: BlobStore;
  queue: Pick<GenerationQueue, 'enqueue'>;
  events: Pick<EventHub, 'subscribe' | 'batches'>;
  assetUrls: AssetUrls;
  exports: Pick<BackgroundWork, 'wake'>;
  evaluations: Pick<BackgroundWork, 'wake'>;
  readerStudies: Pick<BackgroundWork, 'wake'>;
  sendings: Pick<BackgroundWork, 'wake'>;
  t2Maps: Pick<BackgroundWork, 'wake'>;
  webhookDeliveries: Pick<BackgroundWork, 'wake'>;
  /** Where webhooks may lead. */
  webhookRules: WebhookRules;
  differences: Differences;
  uploads: Uploads;
  filmReadings: FilmReadings;
  /** Logs of evaluations. */
  evaluationEvents: EventLogs<LoggedEvaluationEvent>;
  /** Assets of events, which many subscribers ask for at once. */
  sharedAssets: SharedRows<number, Asset>;
  /** By generation: the upload it is made from, null for those made from exams. Never changes. */
  generationUploads: SharedRows<string, string | null>;
  tokens: Pick<KnownTokens, 'verify' | 'forget'>;
  /** What tokens may spend; absent where they may spend anything. */
  quotas?: Pick<Quotas, 'spend' | 'standing'> | undefined;
}

/** What one operation, or one event of a subscription, is answered with. */
export interface Context {
  platform: Platform;
  viewer: TokenPrincipal;
  loaders: Loaders;
  /** Pages and counts of nested lists, by list and arguments. */
  nestedPages: LoadersByArguments<number | string, Page<object>>;
  nestedCounts: LoadersByArguments<number | string, number>;
  /** Whether rows of nested lists fit a filter, by their table and the filter. */
  fitting: LoadersByArguments<number | string, boolean>;
  /** Slices and files of generations that fit a filter, by the filter. */
  fittingSlices: LoadersByArguments<string, GenerationSlice[]>;
  fittingOutputs: LoadersByArguments<string, GenerationOutput[]>;
  /** What became of grades of knees, by grade and visits. */
  progressions: LoadersByArguments<KneeKeys, KneeProgression>;
  batchPaces: LoadersByArguments<Batch, BatchPace>;
  queuePositions: LoadersByArguments<string, number | null>;
  /** What participants, visits or exams have of some variables, by whose they are and by the names. */
  variableValues: LoadersByArguments<number, VariableValueItem[]>;
  variableCoverage: LoadersByArguments<VariableItem, VariableCoverage[]>;
  /** Runs a subscription's reads of its log, each when it is its token's turn; absent to run them at once. */
  inTurn?: ReadInTurn | undefined;
  /** Lists of the answer that the database writes as text; absent where the answer is not written by us. */
  rawLists?: RawLists | undefined;
}

/** A context with loaders that have loaded nothing yet. */
export function createContext(
  platform: Platform,
  viewer: TokenPrincipal,
  { inTurn, rawLists }: Pick<Context, 'inTurn' | 'rawLists'> = {},
): Context {
  let loaders: Loaders | undefined;
  const own: Omit<Context, 'loaders'> = {
    platform,
    viewer,
    inTurn,
    nestedPages: new LoadersByArguments(),
    nestedCounts: new LoadersByArguments(),
    fitting: new LoadersByArguments(),
    fittingSlices: new LoadersByArguments(),
    fittingOutputs: new LoadersByArguments(),
    progressions: new LoadersByArguments(),
    batchPaces: new LoadersByArguments(),
    queuePositions: new LoadersByArguments(),
    variableValues: new LoadersByArguments(),
    variableCoverage: new LoadersByArguments(),
    rawLists,
  };
  // Most pages, and most events of a subscription, need no loader. Apollo copies each context, own property by own property:
  // a getter of the prototype is not called by that.
  const lazy = {
    get loaders() {
      return (loaders ??= createLoaders(platform.dataSource));
    },
  };
  return Object.assign(Object.create(lazy) as typeof lazy, own);
}

/** @throws UserError FORBIDDEN when the token's role does not include `needed`. */
export function requireRole({ viewer }: Context, needed: Role, what: string): void {
  requireRoleOf(viewer, needed, what);
}
