/** What a stored series can be fetched as, beside its NIfTI file; the last part of the URL. */
export const SERIES_FILES = {
  'dicom.zip': { mediaType: 'application/zip', inline: false },
  'png.zip': { mediaType: 'application/zip', inline: false },
  'montage.png': { mediaType: 'image/png', inline: true },
} as const;

export type SeriesFile = keyof typeof SERIES_FILES;
