import type { Film } from '../../src/imaging/radiograph/index.js';

const { abs, imul, max, min, sqrt, tanh } = Math;

/** A bilateral film drawn by formula: legs as cylinders, bones as outlines with cortex, noise, an exposure gradient. */
export interface DrawnFilm {
  readonly film: Film;
  readonly knees: Record<'RIGHT' | 'LEFT', DrawnKnee>;
}

export interface DrawnKnee {
  readonly column: number;
  readonly row: number;
  readonly plateau: number;
}

const COLUMNS = 520;
const ROWS = 420;

/** Film number `index` of a family that differs in place, size, contrast, exposure and noise of its knees. */
export function drawFilm(index: number, pixelSpacing: Film['pixelSpacing'] = null): DrawnFilm {
  const random = generator(index + 1);
  const between = (low: number, high: number): number => low + (high - low) * random();
  const plateau = between(82, 118);
  const row = between(180, 240);
  const knee = (column: number): DrawnKnee => ({
    column: column + between(-12, 12),
    row: row + between(-8, 8),
    plateau: plateau * between(0.96, 1.04),
  });
  const knees = { RIGHT: knee(130), LEFT: knee(390) };
  const contrast = between(0.25, 0.6);
  const slope = between(-0.3, 0.3);
  const noise = between(0.005, 0.03);
  const data = new Float32Array(ROWS * COLUMNS);
  for (let y = 0; y < ROWS; y++) {
    for (let x = 0; x < COLUMNS; x++) {
      const light = max(brightness(x, y, knees.RIGHT, contrast), brightness(x, y, knees.LEFT, contrast));
      const exposure = 1 + slope * (x / COLUMNS - 0.5);
      data[y * COLUMNS + x] = 3000 * (0.1 + light * exposure + noise * (random() + random() - 1));
    }
  }
  const film = { name: `film ${index}`, rows: ROWS, columns: COLUMNS, data, pixelSpacing, attributes: null };
  return { film, knees };
}

function brightness(column: number, row: number, knee: DrawnKnee, contrast: number): number {
  const x = (column - knee.column) / knee.plateau;
  const y = (row - knee.row) / knee.plateau;
  const leg = 0.85 - 0.1 * tanh(y);
  const soft = abs(x) < leg ? 0.5 * sqrt(1 - (x / leg) ** 2) : 0;
  const depth = boneDepth(abs(x), y);
  const cortex = depth > 0 && depth < 0.03 ? 0.35 : 0;
  return soft + (depth > 0 ? contrast * (1 + cortex) : 0);
}

/** Distance inside the nearest bone outline, in plateau widths; 0 outside bone. */
function boneDepth(x: number, y: number): number {
  const tibia = y > 0.03 ? min(y - 0.03, tibiaHalf(y) - x) : 0;
  const femur = min(-0.035 - 0.11 * ((x - 0.26) / 0.25) ** 2 - y, femurHalf(y) - x);
  return max(tibia, femur, 0);
}

function tibiaHalf(y: number): number {
  return max(0.2, 0.5 - 0.35 * max(0, y - 0.12));
}

function femurHalf(y: number): number {
  return max(0.18, 0.5 - 0.45 * max(0, -y - 0.45));
}

/** Uniform numbers in [0, 1) from a linear congruential generator: the same film everywhere. */
function generator(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0;
  return () => {
    state = (imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}
