/**
 * The correctly rounded cosine of x in [0, pi/2), computed in double-double arithmetic (about 106 bits).
 *
 * `Math.cos` may differ between JavaScript engines, and from C libraries, in the last bit; a noise schedule must not.
 */
export function exactCosine(x: number): number {
  const [squareHigh, squareLow] = multiplyExactly(x, x);
  let [termHigh, termLow] = [1, 0];
  let [sumHigh, sumLow] = [1, 0];
  // Taylor's series; after 16 terms the next one is below 2^-106 for every x up to pi/2.
  for (let n = 1; n <= 16; n++) {
    const divisor = (2 * n - 1) * 2 * n;
    const [productHigh, productRest] = multiplyExactly(termHigh, squareHigh);
    const productLow = productRest + termHigh * squareLow + termLow * squareHigh;
    const quotient = productHigh / divisor;
    const [backHigh, backLow] = multiplyExactly(quotient, divisor);
    const quotientLow = (productHigh - backHigh - backLow + productLow) / divisor;
    [termHigh, termLow] = addExactly(-quotient, -quotientLow);
    const [high, low] = addExactly(sumHigh, termHigh);
    [sumHigh, sumLow] = addExactly(high, low + sumLow + termLow);
  }
  return sumHigh + sumLow;
}

/** Knuth's two-sum: a + b as a double and the rounding error it left. */
function addExactly(a: number, b: number): [number, number] {
  const sum = a + b;
  const bPart = sum - a;
  return [sum, a - (sum - bPart) + (b - bPart)];
}

/** Dekker's product: a * b as a double and the rounding error it left. */
function multiplyExactly(a: number, b: number): [number, number] {
  const product = a * b;
  const [aHigh, aLow] = splitDouble(a);
  const [bHigh, bLow] = splitDouble(b);
  return [product, aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow];
}

/** Veltkamp's split of a double into two halves of 26 bits. */
function splitDouble(a: number): [number, number] {
  const scaled = 134_217_729 * a;
  const high = scaled - (scaled - a);
  return [high, a - high];
}
