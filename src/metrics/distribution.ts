import { EigenvalueDecomposition, Matrix, SVD } from 'ml-matrix';

/** Features of images, one row per image, from a backbone; see `openBackbone`. */
export type FeatureRows = readonly Float32Array[];

/** A distance of two sets of images, with what must be said beside it. */
export interface SetDistance {
  readonly value: number;
  readonly realImages: number;
  readonly generatedImages: number;
  /** One sentence when the figure should not be trusted as it is. */
  readonly warning: string | null;
}

/** Below this the estimate of a 2,048-dimensional covariance is biased upwards (Heusel et al. 2017, pytorch-fid). */
const TRUSTED_IMAGES = 2048;

/**
 * Frechet inception distance: squared distance of the means plus Tr(A + B - 2 (A B)^(1/2)) of the covariances (Heusel et al. 2017).
 * Figures of different backbones, or of a different number of images, cannot be compared.
 *
 * @throws RangeError for fewer than two images of a kind, or features of different lengths
 */
export function frechetDistance(real: FeatureRows, generated: FeatureRows): SetDistance {
  const [a, b] = [centred(real, generated), centred(generated, real)];
  const shift = a.mean.reduce((sum, value, index) => sum + (value - b.mean[index]!) ** 2, 0);
  const value = shift + variance(a) + variance(b) - 2 * traceOfRoot(a.rows, b.rows);
  const fewest = Math.min(real.length, generated.length);
  const warning =
    fewest < TRUSTED_IMAGES
      ? `FID of ${fewest} images is biased upwards; below ${TRUSTED_IMAGES} images of each kind use KID instead.`
      : null;
  // Rounding can leave a hair below zero.
  return { value: Math.max(value, 0), realImages: real.length, generatedImages: generated.length, warning };
}

/**
 * Kernel inception distance: the unbiased estimate of the squared maximum mean discrepancy with the kernel (x . y / d + 1)^3 over
 * all pairs (Binkowski et al. 2018). May be slightly negative for sets that are alike.
 *
 * @throws RangeError for fewer than two images of a kind, or features of different lengths
 */
export function kernelDistance(real: FeatureRows, generated: FeatureRows): SetDistance {
  checkRows(real, generated);
  const dimensions = real[0]!.length;
  const kernel = (x: Float32Array, y: Float32Array): number => {
    let product = 0;
    for (let index = 0; index < dimensions; index++) product += x[index]! * y[index]!;
    return (product / dimensions + 1) ** 3;
  };
  const within = (rows: FeatureRows): number => {
    let sum = 0;
    rows.forEach((x, at) => rows.slice(0, at).forEach((y) => (sum += kernel(x, y))));
    return (2 * sum) / (rows.length * (rows.length - 1));
  };
  let across = 0;
  for (const x of real) for (const y of generated) across += kernel(x, y);
  const value = within(real) + within(generated) - (2 * across) / (real.length * generated.length);
  return { value, realImages: real.length, generatedImages: generated.length, warning: null };
}

interface Centred {
  mean: Float64Array;
  /** Rows without their mean, divided by the root of (number - 1): A = rows' rows. */
  rows: Matrix;
}

function centred(features: FeatureRows, others: FeatureRows): Centred {
  checkRows(features, others);
  const mean = new Float64Array(features[0]!.length);
  for (const row of features) row.forEach((value, index) => (mean[index]! += value / features.length));
  const scale = 1 / Math.sqrt(features.length - 1);
  return { mean, rows: new Matrix(features.map((row) => Array.from(row, (value, at) => (value - mean[at]!) * scale))) };
}

function variance({ rows }: Centred): number {
  return rows.to1DArray().reduce((sum, value) => sum + value * value, 0);
}

/**
 * Tr (A B)^(1/2) of A = a'a and B = b'b: the sum of the singular values of a b'. With fewer images than features that matrix is
 * the small one; otherwise A^(1/2) B A^(1/2) is.
 */
function traceOfRoot(a: Matrix, b: Matrix): number {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  if (Math.min(a.rows, b.rows) < a.columns)
    return sum(new SVD(a.mmul(b.transpose()), { autoTranspose: true }).diagonal);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(a.transpose().mmul(a), {
    assumeSymmetric: true,
  });
  const root = Matrix.diag(realEigenvalues.map((value) => Math.sqrt(Math.max(value, 0))));
  const rootOfA = eigenvectorMatrix.mmul(root).mmul(eigenvectorMatrix.transpose());
  const product = rootOfA.mmul(b.transpose().mmul(b)).mmul(rootOfA);
  const values = new EigenvalueDecomposition(product, { assumeSymmetric: true }).realEigenvalues;
  return sum(values.map((value) => Math.sqrt(Math.max(value, 0))));
}

function checkRows(real: FeatureRows, generated: FeatureRows): void {
  if (real.length < 2 || generated.length < 2) {
    throw new RangeError(
      `A distance of two sets needs at least 2 images of each; there are ${real.length} real and ${generated.length} generated.`,
    );
  }
  const length = real[0]!.length;
  const other = [...real, ...generated].find((row) => row.length !== length);
  if (other) throw new RangeError(`Features of ${length} and ${other.length} values cannot be compared.`);
}
