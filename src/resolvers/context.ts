import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { roleIncludes } from '../domain/roles.js';
import type { Role } from '../domain/roles.js';
import type { EventHub, GenerationQueue } from '../jobs/index.js';
import { createLoaders, LoadersByArguments } from '../loaders/index.js';
import type { Loaders } from '../loaders/index.js';
import type { SharedAssets } from '../loaders/shared-assets.js';
import type { Generation } from '../entities/index.js';
import type { AssetUrls } from '../services/asset-urls.js';
import type { ExportRunner } from '../services/exports/index.js';
import type { Page } from '../services/paging/pages.js';
import type { Viewer } from '../services/tokens.js';

/** What the resolvers are made of; lives as long as the server. */
export interface Platform {
  dataSource: DataSource;
  queue: Pick<GenerationQueue, 'enqueue'>;
  events: Pick<EventHub, 'subscribe'>;
  assetUrls: AssetUrls;
  exports: Pick<ExportRunner, 'wake'>;
  /** Assets of events, which many subscribers ask for at once. */
  sharedAssets: SharedAssets;
}

/** What one operation, or one event of a subscription, is answered with. */
export interface Context {
  platform: Platform;
  viewer: Viewer;
  loaders: Loaders;
  /** Pages and counts of nested lists, by their arguments. */
  generationPages: LoadersByArguments<number, Page<Generation>>;
  generationCounts: LoadersByArguments<number, number>;
}

/** A context with loaders that have loaded nothing yet. */
export function createContext(platform: Platform, viewer: Viewer): Context {
  let loaders: Loaders | undefined;
  return {
    platform,
    viewer,
    // Most events of a subscription need none.
    get loaders() {
      return (loaders ??= createLoaders(platform.dataSource));
    },
    generationPages: new LoadersByArguments(),
    generationCounts: new LoadersByArguments(),
  };
}

/** @throws UserError FORBIDDEN when the token's role does not include `needed`. */
export function requireRole({ viewer }: Context, needed: Role, what: string): void {
  if (roleIncludes(viewer.role, needed)) return;
  throw new UserError('FORBIDDEN', `${what} needs the role ${needed}; this token has ${viewer.role}.`);
}
