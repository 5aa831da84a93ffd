/** The only door to the files of a series for other layers. */
export { dicomFiles, dicomUidsOf, t2MapObject } from './dicom.js';
export { montageOf, pngFiles } from './pictures.js';
export {
  type ExamSeriesSource,
  fileSafe,
  isOfExam,
  kindOf,
  loadSources,
  nameOf,
  provenanceOfSeries,
  readNifti,
  readVolume,
  readVolumeFile,
  type SeriesKind,
  type SeriesSource,
} from './source.js';
