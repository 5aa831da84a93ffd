import { gradients, type Gradients } from './gradients.js';
import type { Raster } from './resample.js';

/** Half the side of the template, in plateau widths: that of the crop the model sees. */
export const TEMPLATE_REACH = 0.61;

/**
 * Gradient directions of an ideal frontal knee, drawn in units of the tibial plateau's width about the centre of the joint line:
 * two condyles over a plateau with a dark joint space and notch between them, bone brighter than the soft tissue beside it.
 *
 * @param scale pixels per plateau width
 */
export function kneeTemplate(scale: number): Gradients {
  const side = 2 * Math.round(TEMPLATE_REACH * scale) + 1;
  const middle = (side - 1) / 2;
  const data = new Float32Array(side * side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      data[row * side + column] = idealKnee(Math.abs(column - middle) / scale, (row - middle) / scale);
    }
  }
  const drawing: Raster = { rows: side, columns: side, data };
  return gradients(drawing);
}

/** Brightness at x plateau widths beside and y below the centre of the joint line. */
function idealKnee(x: number, y: number): number {
  const inTibia = y > 0.03 && x < tibiaHalfWidth(y);
  const inFemur = y < condyleBottom(x) && x < femurHalfWidth(y);
  const inNotch = y > -0.17 && x < 0.11 * Math.sqrt((y + 0.17) / 0.17);
  const inSpine = y > -0.05 && x < 0.09 - 0.5 * Math.abs(y - 0.05);
  if (inTibia || inSpine) return 1;
  if (inNotch) return 0.35;
  return inFemur ? 1 : 0.2;
}

function tibiaHalfWidth(y: number): number {
  return y < 0.14 ? 0.5 : 0.5 - 0.3 * (y - 0.14);
}

function femurHalfWidth(y: number): number {
  return y > -0.4 ? 0.5 - 0.8 * Math.max(0, y + 0.1) : 0.5 - 0.55 * (-0.4 - y);
}

/** Lower outline of the condyles: two shallow arcs. */
function condyleBottom(x: number): number {
  const fromMiddle = (x - 0.27) / 0.24;
  return -0.03 - 0.09 * fromMiddle * fromMiddle;
}
