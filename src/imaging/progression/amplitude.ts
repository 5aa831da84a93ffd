import type { AffectedCompartment } from '../../domain/progressions.js';
import type { BundleManifest } from '../../inference/index.js';

/** Narrowest widths of the joint space by KL 0 to 4, % of the crop's width, by which compartment is affected. */
export type Widths = BundleManifest<'xray-progression'>['progression']['widths'];

/** A way from one grade to another. */
export interface GradeWay {
  readonly affected: AffectedCompartment;
  /** KL grades of the film and of the end, 0 to 4. */
  readonly own: number;
  readonly wished: number;
}

/** A frame on that way: its grade, and the time of the flow at which the affected gap is as wide as films of that grade have it. */
export interface WayPoint {
  readonly kl: number;
  readonly time: number;
}

/** What is left of the gaps at the end; above 1 where it gets better. */
export function sharesOf(widths: Widths, { affected, own, wished }: GradeWay): { medial: number; lateral: number } {
  const of = widths[keyOf(affected)];
  return {
    medial: widthAt(of.medial, wished) / widthAt(of.medial, own),
    lateral: widthAt(of.lateral, wished) / widthAt(of.lateral, own),
  };
}

/** Frames at grades evenly spaced from the film's own to the wished one, both among them. */
export function wayPoints(widths: Widths, way: GradeWay, frames: number): WayPoint[] {
  const { affected, own, wished } = way;
  const of = widths[keyOf(affected)][affected === 'LATERAL' ? 'lateral' : 'medial'];
  const gap = (kl: number) => Math.log(widthAt(of, kl));
  const span = gap(wished) - gap(own);
  return Array.from({ length: frames }, (_, index) => {
    const share = index / (frames - 1);
    const kl = own + (wished - own) * share;
    return { kl, time: Math.abs(span) > 1e-6 ? (gap(kl) - gap(own)) / span : share };
  });
}

function keyOf(affected: AffectedCompartment): keyof Widths {
  return affected.toLowerCase() as Lowercase<AffectedCompartment>;
}

/** Linear between whole grades. */
function widthAt(widths: readonly number[], kl: number): number {
  const below = Math.min(Math.floor(kl), 3);
  return widths[below]! + (widths[below + 1]! - widths[below]!) * (kl - below);
}
