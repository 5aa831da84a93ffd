import { InvalidArgumentError } from 'commander';
import type { SquareBox } from '../domain/knee-box.js';
import type { Side } from '../domain/participants.js';

/** Parses `--side` for commander. */
export function side(text: string): Side {
  const known: Record<string, Side> = { R: 'RIGHT', RIGHT: 'RIGHT', L: 'LEFT', LEFT: 'LEFT' };
  const found = known[text.toUpperCase()];
  if (!found) throw new InvalidArgumentError('It must be R or L.');
  return found;
}

/** Parses `--box left,top,side` for commander. */
export function box(text: string): SquareBox {
  const numbers = text.split(',').map(Number);
  const [left, top, side] = numbers;
  if (numbers.length !== 3 || !numbers.every(Number.isFinite) || text.split(',').includes('')) {
    throw new InvalidArgumentError('It must be three numbers, left,top,side, in film pixels: 120,340.5,316.');
  }
  return { left: left!, top: top!, side: side! };
}
