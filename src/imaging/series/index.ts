/** MRI series on disk: opened slice by slice, DICOM or NIfTI, and written anew beside what they were made from. */
export { ASSUMED_PLACE, type MadeHeader, type MadeSlice } from './made-dicom.js';
export { type NiftiFile, openNiftiFile, openSeries, type OpenSeries } from './open-series.js';
export { assertFree, DICOM_FOLDER, type MadeSeries, writeMadeSeries, type WrittenSlice } from './write-series.js';
