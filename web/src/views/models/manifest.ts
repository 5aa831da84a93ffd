import { spoken } from '../../lib/filters.ts';

/** The parts of a manifest that the card shows; a refused bundle may lack any of them. */
export interface Manifest {
  authors?: string[];
  trainedOn?: { synthetic?: boolean; data?: unknown; films?: unknown; people?: unknown };
  evaluation?: { data?: unknown; metrics?: unknown };
  schedule?: Record<string, unknown>;
  sampler?: { name: string; steps: number; eta: number };
  latent?: Record<string, unknown>;
  graphs?: Record<string, Graph>;
}

interface Graph {
  file: string;
  sha256: string;
  precision: string;
  data?: { file: string; sha256: string }[];
}

/** A figure with its quartiles, where the manifest gives them. */
export interface Figure {
  name: string;
  value: number;
  quartiles: [number, number] | null;
}

/** Figures that the list shows, by their names in manifests. */
const HEADLINES = ['psnr', 'ssim', 'rssim', 'meanIou', 'accuracy', 'kappa'];

/** The figures people ask for first that are no row among others, wherever the manifest keeps them; the ones nearest to its top. */
export function headlines({ evaluation }: Manifest): Figure[] {
  const found = new Map<string, Figure>();
  const visit = (level: unknown[]) => {
    const objects = level.filter((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
    const entries = objects.flatMap((object) => Object.entries(object as object)) as [string, unknown][];
    for (const [key, value] of entries) {
      const figure = HEADLINES.includes(key) && !found.has(key) ? figureOf(key, value) : undefined;
      if (figure) found.set(key, figure);
    }
    if (entries.length > 0) visit(entries.map(([, value]) => value));
  };
  if (!Array.isArray(evaluation?.metrics)) visit([evaluation?.metrics]);
  return HEADLINES.flatMap((key) => found.get(key) ?? []);
}

/** Figures of methods or cases, one below the other. */
export interface Measurements {
  columns: string[];
  /** Those of its columns that hold numbers. */
  numeric: string[];
  rows: string[][];
}

/** What a manifest measured of several methods or cases, each interval beside its value; null where it says it otherwise. */
export function measurements({ evaluation }: Manifest): Measurements | null {
  const rows = evaluation?.metrics;
  if (!Array.isArray(rows) || rows.length === 0) return null;
  const objects = rows.filter((row): row is Record<string, unknown> => typeof row === 'object' && row !== null);
  const keys = [...new Set(objects.flatMap((row) => Object.keys(row)))];
  const isEnd = (key: string) => /_(low|high)$/.test(key) && keys.includes(key.replace(/_(low|high)$/, ''));
  const isNumber = (key: string) => objects.some((row) => typeof row[key] === 'number');
  // What a row is of stands before its numbers: the database keeps keys in no order of ours.
  const shown = keys.filter((key) => !isEnd(key)).toSorted((a, b) => Number(isNumber(a)) - Number(isNumber(b)));
  const heading = (key: string) => spoken(key.replaceAll('_', ' '));
  return {
    columns: shown.map(heading),
    numeric: shown.filter(isNumber).map(heading),
    rows: objects.map((row) => shown.map((key) => measured(row, key))),
  };
}

function measured(row: Record<string, unknown>, key: string): string {
  const { [key]: value, [`${key}_low`]: low, [`${key}_high`]: high } = row;
  if (value === undefined || value === null) return '–';
  return typeof low === 'number' && typeof high === 'number' ? `${text(value)} (${quartilesText([low, high])})` : text(value);
}

/** Free-form prose of a manifest as lines, e.g. ["Participants: train", "191"]. */
export function linesOf(value: unknown, name = ''): [string, string][] {
  const figure = figureOf(name, value);
  if (figure) return [[name, figureText(figure)]];
  if (Array.isArray(value)) return [[name, value.map(text).join(', ')]];
  if (typeof value !== 'object' || value === null) return [[name, text(value)]];
  return Object.entries(value).flatMap(([key, child]) => {
    const label = spoken(key);
    return linesOf(child, name === '' ? label : `${name}: ${label}`);
  });
}

/** "20.8 (19.8 to 21.8)". */
export function figureText({ value, quartiles }: Figure): string {
  return text(value) + (quartiles ? ` (${quartilesText(quartiles)})` : '');
}

/** "19.8 to 21.8". */
export function quartilesText(quartiles: [number, number]): string {
  return quartiles.map(text).join(' to ');
}

function figureOf(key: string, value: unknown): Figure | undefined {
  const name = spoken(key);
  if (typeof value === 'number') return { name, value, quartiles: null };
  const { median, quartiles } = (value ?? {}) as { median?: unknown; quartiles?: unknown };
  if (typeof median !== 'number') return undefined;
  return { name, value: median, quartiles: Array.isArray(quartiles) ? (quartiles as [number, number]) : null };
}

function text(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : Number(value.toPrecision(3)).toString();
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
