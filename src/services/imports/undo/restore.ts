import type { Dropped, Origin, Origins } from '../../../entities/index.js';
import { columnOf, compact } from '../cells.js';
import type { UndoKind } from './losses.js';

/** A row as the database gives it as JSON: now, or before an import touched it. */
export interface Image extends Readonly<Record<string, unknown>> {
  readonly id: number;
  readonly origins: Origins;
  /** Codes of missing values, where the table has a column for them. */
  readonly missing?: Readonly<Record<string, string>> | undefined;
  readonly dropped?: Dropped | undefined;
}

/** What a field of a row says, and where that comes from. */
interface Cell {
  readonly value: unknown;
  readonly missing: string | null;
  readonly origin: Origin | null;
}

/**
 * A row without what one import brought: each cell that comes from one of its sources is what it was before, and every other one stays.
 *
 * @param before the row before the import; null for one that it made
 * @param onLoss told of each field that changes
 */
export function restored(
  image: Image,
  before: Image | null,
  { fields, sources }: { fields: readonly string[]; sources: ReadonlySet<number> },
  onLoss: (field: string, kind: UndoKind) => void = () => undefined,
): Image {
  const row: Record<string, unknown> = { ...image };
  const origins: Record<string, Origin> = {};
  const missing: Record<string, string> = {};
  let unknown = false;
  for (const field of fields) {
    let cell = cellOf(image, field);
    if (cell?.origin && sources.has(cell.origin[0])) {
      const was = before && cellOf(before, field);
      if (was?.value !== cell.value || was?.missing !== cell.missing) onLoss(field, lossOf(before, was));
      cell = was;
    }
    row[columnOf(field)] = cell?.value ?? null;
    if (!cell) continue;
    if (cell.missing !== null) missing[field] = cell.missing;
    if (!cell.origin) unknown = true;
    else origins[field] = cell.origin;
  }
  return {
    ...row,
    id: image.id,
    origins: unknown ? origins : compact(origins),
    ...(image.missing && { missing }),
    ...(image.dropped && { dropped: undropped(image.dropped, before?.dropped ?? {}, sources) }),
  };
}

function cellOf(image: Image, field: string): Cell | null {
  const own = image.origins[field];
  const origin = own ?? image.origins['*'] ?? null;
  const value = image[columnOf(field)] ?? null;
  const missing = image.missing?.[field] ?? own?.[2] ?? null;
  return value === null && missing === null ? null : { value, missing, origin };
}

function lossOf(before: Image | null, was: Cell | null): UndoKind {
  if (before === null) return 'removed';
  return (was?.value ?? null) === null ? 'emptied' : 'restored';
}

/** Marks that the import set are what they were before. */
function undropped(dropped: Dropped, before: Dropped, sources: ReadonlySet<number>): Dropped {
  const marks = Object.entries(dropped).flatMap(([table, source]): [string, number][] => {
    if (!sources.has(source)) return [[table, source]];
    return before[table] === undefined ? [] : [[table, before[table]]];
  });
  return Object.fromEntries(marks);
}
