import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { refuseFile } from '../refuse.js';

/**
 * Gradient nonlinearity: how far a scanner's coils misplace what they image, as solid harmonics. A point r (mm from the isocentre, x to the
 * patient's right, y to the front, z to the head) is imaged at r + d(r), where along each coil's axis
 *
 *     d = radiusMm sum (r / radiusMm)^n N_nm P_nm(cos theta) (a cos(m phi) + b sin(m phi)),
 *
 * N_n0 = 1 and N_nm = (-1)^m sqrt((2n + 1)(n - m)! / (2 (n + m)!)): the normalisation of Siemens' files, as gradunwarp reads them.
 */
export interface Gradients {
  scanner: string;
  radiusMm: number;
  coils: Readonly<Record<'x' | 'y' | 'z', readonly GradientTerm[]>>;
}

/** Order 1 to 5, degree 0 to n, coefficients of cosine and sine. */
export interface GradientTerm {
  n: number;
  m: number;
  a: number;
  b: number;
}

const FORMAT = 'osteograph-gradients/1';

const NOT_READ = `cannot be read as gradient coefficients: a JSON file of ${FORMAT} is expected`;

/** Highest order that files may hold: displacements are polynomials of this degree. */
export const HIGHEST_ORDER = 5;

const term = z
  .strictObject({ n: z.int().min(1).max(HIGHEST_ORDER), m: z.int().min(0), a: z.number(), b: z.number() })
  .refine(({ n, m }) => m <= n, { path: ['m'], error: 'is larger than n' });
const coil = z.array(term).max(100).readonly();
/** Whether a text is what a row and a log can hold: without control characters and halves of characters. */
const isPlain = (text: string): boolean => text.isWellFormed() && !/\p{Cc}/u.test(text);
/** What a file of coefficients holds. */
export const gradientsSchema = z.strictObject({
  format: z.literal(FORMAT),
  scanner: z.string().min(1).max(200).refine(isPlain, { error: 'holds control characters' }),
  radiusMm: z.number().positive(),
  coils: z.strictObject({ x: coil, y: coil, z: coil }),
});

/** Most characters of a file of coefficients: 300 terms of full precision are some 30,000. */
const MAX_LENGTH = 64 * 1024;

/** What tells coefficients from all others without saying them: vendors hand them out in confidence. */
export interface GradientsDigest {
  scanner: string;
  /** SHA-256 of the file, hexadecimal. */
  sha256: string;
}

/** Reads a file of coefficients. @throws UserError FILE_REFUSED with one sentence */
export async function readGradients(path: string): Promise<{ gradients: Gradients; digest: GradientsDigest }> {
  const name = basename(path);
  const text = await readFile(path, 'utf8').catch((error: unknown) => refuseFile(name, NOT_READ, error));
  return gradientsIn(text, name);
}

/**
 * Reads the text of a file of coefficients.
 *
 * @param name what messages call it
 * @throws UserError FILE_REFUSED with one sentence
 */
export function gradientsIn(text: string, name: string): { gradients: Gradients; digest: GradientsDigest } {
  if (text.length > MAX_LENGTH) {
    refuseFile(name, `is no file of gradient coefficients: it has ${text.length} characters, more than ${MAX_LENGTH}`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return refuseFile(name, NOT_READ, error);
  }
  const gradients = parseGradients(content, name);
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { gradients, digest: { scanner: gradients.scanner, sha256 } };
}

/** @throws UserError FILE_REFUSED with one sentence */
export function parseGradients(content: unknown, name: string): Gradients {
  const read = gradientsSchema.safeParse(content);
  if (read.success) return read.data;
  const { path, message } = read.error.issues[0]!;
  return refuseFile(name, `is no file of gradient coefficients: ${path.join('.') || 'it'} ${message}`);
}

/** What a file of these coefficients holds. */
export function gradientsFile(gradients: Gradients): string {
  return `${JSON.stringify({ format: FORMAT, ...gradients }, null, 2)}\n`;
}

/** How far from a point, mm from the isocentre, it is imaged, mm. */
export function displacement({ coils, radiusMm }: Gradients, point: readonly number[]): [number, number, number] {
  const [x, y, z] = [point[0]! / radiusMm, point[1]! / radiusMm, point[2]! / radiusMm];
  const along = (terms: readonly GradientTerm[]) => radiusMm * fieldOf(terms, x, y, z);
  return [along(coils.x), along(coils.y), along(coils.z)];
}

function fieldOf(terms: readonly GradientTerm[], x: number, y: number, z: number): number {
  let total = 0;
  for (const { n, m, a, b } of terms) {
    let [cosine, sine] = [1, 0];
    for (let power = 0; power < m; power++) [cosine, sine] = [x * cosine - y * sine, x * sine + y * cosine];
    total += legendre(n, m, z, x * x + y * y + z * z) * (a * cosine + b * sine);
  }
  return total;
}

/** N_nm r^(n-m) P_nm(z / r) / sin^m: a polynomial in z and r squared. The signs of N_nm and P_nm cancel. */
function legendre(n: number, m: number, z: number, square: number): number {
  let [before, here] = [0, 1];
  for (let odd = 1; odd < 2 * m; odd += 2) here *= odd;
  for (let order = m + 1; order <= n; order++) {
    [before, here] = [here, ((2 * order - 1) * z * here - (order + m - 1) * square * before) / (order - m)];
  }
  if (m === 0) return here;
  let ratio = 1;
  for (let factor = n - m + 1; factor <= n + m; factor++) ratio /= factor;
  return here * Math.sqrt(((2 * n + 1) * ratio) / 2);
}
