/** The only door to measurements for other layers. */
export { imageOf, type ImageKey } from './image.js';
export { MEASUREMENT_LISTING, MEASUREMENTS, measurementsFor } from './listing.js';
export {
  deleteMeasurement,
  findMeasurement,
  type MeasurementChange,
  type NewMeasurement,
  saveMeasurement,
  updateMeasurement,
} from './requests.js';
