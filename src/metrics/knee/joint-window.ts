/** Where figures around the joint look: 30 mm above and below the joint row of the real slice, 25 mm in from both sides. */
const HALF_HEIGHT_MM = 30;
const MARGIN_MM = 25;

/** Rows and columns of a slice, the last ones excluded. */
export interface JointWindow {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * The part of a coronal slice around the joint.
 *
 * @param jointRow row of the joint line, as `findJointRows` gives it
 * @param spacing pixel spacing in mm
 */
export function jointWindow(
  { rows, columns }: { rows: number; columns: number },
  jointRow: number,
  spacing: number,
): JointWindow {
  const height = Math.round(HALF_HEIGHT_MM / spacing);
  const margin = Math.round(MARGIN_MM / spacing);
  return {
    top: Math.max(0, jointRow - height),
    bottom: Math.min(rows, jointRow + height),
    left: Math.min(margin, columns),
    right: Math.max(margin, columns - margin),
  };
}
