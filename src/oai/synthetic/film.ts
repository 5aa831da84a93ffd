import { expose } from './exposure.js';
import type { KneePhantom } from './phantom.js';
import type { Random } from './random.js';
import { RayCaster, TRABECULAE, type Beam } from './rays.js';
import { Texture } from './texture.js';

/** Size of the bilateral film, mm. */
export const FILM = { width: 400, height: 320 } as const;

/** Where a knee is on the film, in pixels: centre of the joint line, plateau width, and the square crop around it. */
export interface FilmTruth {
  readonly centreColumn: number;
  readonly centreRow: number;
  readonly plateauWidth: number;
  readonly boxLeft: number;
  readonly boxTop: number;
  readonly boxSide: number;
}

export interface FilmImage {
  readonly rows: number;
  readonly columns: number;
  /** Detector values, 16 bit, as stored: bone dark when `inverted` (MONOCHROME1), else bright. */
  readonly pixels: Uint16Array;
  readonly inverted: boolean;
  readonly right: FilmTruth;
  readonly left: FilmTruth;
}

/**
 * Takes the bilateral PA fixed-flexion film of two canonical knees. The patient's right knee is on the
 * image's left; the left knee is mirrored. `pixel` is the detector's pixel in mm.
 */
export function takeFilm(right: KneePhantom, left: KneePhantom, pixel: number, exposure: Random): FilmImage {
  const columns = Math.round(FILM.width / pixel);
  const rows = Math.round(FILM.height / pixel);
  const shadow = new Float32Array(rows * columns);
  const apart = exposure.normal(190, 7);
  const middle = exposure.normal(FILM.width / 2, 5);
  const height = exposure.normal(FILM.height * 0.5, 6);
  const place = (phantom: KneePhantom, x: number, mirrored: boolean): FilmTruth => {
    const y = height + exposure.normal(0, 3);
    const beam = {
      flexion: exposure.normal(0.34, 0.06),
      tilt: exposure.normal(0, 0.045) - phantom.anatomy.plateauSlope,
      x,
      y,
      mirrored,
    };
    castKnee(phantom, shadow, columns, rows, pixel, beam, exposure);
    return truthOf(phantom, x, y, pixel, beam.tilt, mirrored);
  };
  const truthRight = place(right, middle - apart / 2, false);
  const truthLeft = place(left, middle + apart / 2, true);
  const inverted = exposure.chance(0.45);
  const pixels = expose(shadow, columns, rows, pixel, inverted, exposure);
  return { rows, columns, pixels, inverted, right: truthRight, left: truthLeft };
}

/** Rays are cast on this lattice, mm, and interpolated to the detector's pixels; on that of the pixels where they are larger. */
const LATTICE = 0.42;
const REACH = 98;

const crossings = new Texture('trabeculae across the load', 5, 1);
const mottle = new Texture('bone density', 12, 12);

/** Adds a knee's optical depth to the film. */
function castKnee(
  phantom: KneePhantom,
  shadow: Float32Array,
  columns: number,
  rows: number,
  pixel: number,
  beam: Beam,
  random: Random,
): void {
  const height = FILM.height;
  const lattice = Math.max(LATTICE, pixel);
  const nx = Math.ceil((2 * REACH) / lattice) + 2;
  const ny = Math.ceil(height / lattice) + 2;
  const depth = new Float32Array(nx * ny);
  const bone = new Float32Array(nx * ny);
  const caster = new RayCaster(phantom, beam);
  for (let j = 0; j < ny; j++) {
    const y = j * lattice - beam.y;
    for (let i = 0; i < nx; i++) {
      const x = i * lattice - REACH;
      const o = j * nx + i;
      depth[o] = caster.soft(x, y);
      if (depth[o] > 0 && Math.abs(x) < 56) {
        const ray = caster.bone(x, y);
        depth[o]! += ray.attenuation;
        bone[o] = ray.trabecular;
      }
    }
  }
  const u0 = random.between(0, 250);
  const v0 = random.between(0, 250);
  const roughness = random.between(0.7, 1.25) * phantom.anatomy.mineral;
  const from = Math.max(0, Math.floor((beam.x - REACH) / pixel));
  const to = Math.min(columns - 1, Math.ceil((beam.x + REACH) / pixel));
  for (let row = 0; row < rows; row++) {
    const gy = ((row + 0.5) * pixel) / lattice;
    const j = gy | 0;
    const fy = gy - j;
    const y = (row + 0.5) * pixel - beam.y;
    for (let column = from; column <= to; column++) {
      const x = ((column + 0.5) * pixel - beam.x) * (beam.mirrored ? -1 : 1);
      const gx = (x + REACH) / lattice;
      if (gx < 0 || gx >= nx - 1) continue;
      const i = gx | 0;
      const fx = gx - i;
      const o = j * nx + i;
      const mix = (map: Float32Array) => {
        const top = map[o]! + fx * (map[o + 1]! - map[o]!);
        const bottom = map[o + nx]! + fx * (map[o + nx + 1]! - map[o + nx]!);
        return top + fy * (bottom - top);
      };
      let value = mix(depth);
      const trabecular = mix(bone);
      if (trabecular > 0.5) {
        // Trabeculae run along the load: fanning out from the shaft towards the condyles, straight down in the tibia.
        const fan = x * (1 - 0.0022 * Math.min(60, Math.abs(y)));
        const along = TRABECULAE.at(fan * 3.6 + u0, y * 2.2 + v0);
        const across = crossings.at(x * 2 + v0, y * 3.6 + u0);
        const blotch = mottle.at(x * 1.2 + u0, y * 1.2 - v0);
        const amount = Math.sqrt(trabecular) * roughness;
        value += amount * (0.0075 * along + 0.002 * across + 0.0055 * blotch);
      }
      shadow[row * columns + column]! += value;
    }
  }
}

function truthOf(
  phantom: KneePhantom,
  x: number,
  y: number,
  pixel: number,
  tilt: number,
  mirrored: boolean,
): FilmTruth {
  const { bones, anatomy } = phantom;
  const split = anatomy.condyleSplit * anatomy.scale;
  const z = -3 * anatomy.scale;
  const surface = (bones.plateau(split, z) + bones.plateau(-split, z)) / 2;
  const gap = (phantom.disease.medialGap + phantom.disease.lateralGap) / 2;
  const centreRow = (y + surface - gap / 2 - tilt * z) / pixel;
  const centreColumn = (x + (mirrored ? 0.6 : -0.6) * anatomy.scale) / pixel;
  const plateauWidth = (2 * 38 * anatomy.scale) / pixel;
  const side = 1.22 * plateauWidth;
  return {
    centreColumn,
    centreRow,
    plateauWidth,
    boxLeft: centreColumn - side / 2,
    boxTop: centreRow - side / 2,
    boxSide: side,
  };
}
