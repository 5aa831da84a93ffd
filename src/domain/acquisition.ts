/** How a scanner took an MRI series; null where the file does not say. */
export interface MriAcquisition {
  /** ms */
  echoTime: number | null;
  /** ms */
  repetitionTime: number | null;
  /** ms */
  inversionTime: number | null;
  /** degrees */
  flipAngle: number | null;
  /** tesla */
  fieldStrength: number | null;
  /** Hz per pixel */
  pixelBandwidth: number | null;
  /** mm, without the gap between slices */
  sliceThickness: number | null;
  averages: number | null;
  manufacturer: string | null;
  model: string | null;
  receiveCoil: string | null;
}
