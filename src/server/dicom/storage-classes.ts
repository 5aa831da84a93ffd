import dimse from 'dcmjs-dimse';

const { StorageClass } = dimse.constants;

/** SOP classes of which objects are taken: those of films and of MRI series, and what converters and screenshots are written as. */
export const STORAGE_CLASSES: readonly string[] = [
  StorageClass.ComputedRadiographyImageStorage,
  StorageClass.DigitalXRayImageStorageForPresentation,
  StorageClass.DigitalXRayImageStorageForProcessing,
  StorageClass.XRayRadiofluoroscopicImageStorage,
  StorageClass.SecondaryCaptureImageStorage,
  StorageClass.MrImageStorage,
  StorageClass.EnhancedMrImageStorage,
  StorageClass.LegacyConvertedEnhancedMRImageStorage,
  // Of CT none can be a film or a series of ours; taken, it is held in quarantine, which says so.
  StorageClass.CtImageStorage,
];
