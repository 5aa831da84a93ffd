import { UserError } from '../../domain/errors.js';
import { EXPORT_KEEP_MS } from '../exports/index.js';

/** What is kept for a time of its own. */
export const RETAINED = ['events', 'audit', 'keys', 'previews', 'exports'] as const;
export type Retained = (typeof RETAINED)[number];

/** How long each is kept, ms; null for ever, which only files of exports are not. */
export type RetentionRules = Readonly<Record<Exclude<Retained, 'exports'>, number | null>> & {
  readonly exports: number;
};

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const UNITS: Readonly<Record<string, number>> = { h: HOUR_MS, d: DAY_MS, y: 365 * DAY_MS };

/** Nothing is removed but the files of exports, which can be asked for again. */
export const DEFAULT_RULES: RetentionRules = {
  events: null,
  audit: null,
  keys: null,
  previews: null,
  exports: EXPORT_KEEP_MS,
};

/** Longest time that a rule may give, a hundred years, ms. */
const LONGEST_MS = 100 * UNITS['y']!;

/**
 * Rules such as "events=90d,audit=2y,exports=keep"; what is left out stays as {@link DEFAULT_RULES} say.
 *
 * @throws UserError BAD_USER_INPUT
 */
export function parseRules(text: string): RetentionRules {
  const rules = { ...DEFAULT_RULES };
  const seen = new Set<string>();
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const [name = '', time = '', ...more] = part.split('=').map((word) => word.trim());
    if (!isRetained(name) || more.length > 0) return refuse(part, `the names are ${RETAINED.join(', ')}`);
    if (seen.has(name)) return refuse(part, `${name} is there twice`);
    seen.add(name);
    if (name === 'exports') rules.exports = durationOf(part, time);
    else rules[name] = time === 'keep' ? null : durationOf(part, time);
  }
  return rules;
}

/** A time as rules say it: "90d". */
export function inWords(ms: number | null): string {
  if (ms === null) return 'keep';
  const unit = ['y', 'd', 'h'].find((one) => ms % UNITS[one]! === 0) ?? 'h';
  return `${ms / UNITS[unit]!}${unit}`;
}

function durationOf(part: string, text: string): number {
  const match = /^(\d+)([hdy])$/.exec(text);
  const ms = match ? Number(match[1]) * UNITS[match[2]!]! : 0;
  if (ms < HOUR_MS || ms > LONGEST_MS)
    return refuse(part, 'a time is from 1h to 100y, such as 12h, 90d or 2y, and for all but exports "keep"');
  return ms;
}

function isRetained(name: string): name is Retained {
  return (RETAINED as readonly string[]).includes(name);
}

function refuse(part: string, accepted: string): never {
  throw new UserError('BAD_USER_INPUT', `The retention rule "${part.trim()}" cannot be read: ${accepted}.`);
}
