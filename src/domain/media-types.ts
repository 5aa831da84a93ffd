/** How the names of files end, by what they are. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/svg+xml': 'svg',
  'video/mp4': 'mp4',
  'application/gzip': 'nii.gz',
  'application/x-gzip': 'nii.gz',
  'application/dicom': 'dcm',
  'application/zip': 'zip',
  'application/vnd.apache.parquet': 'parquet',
  'application/x-ndjson': 'ndjson',
  'text/csv': 'csv',
  'text/html': 'html',
};

/** How the name of a stored file ends, without the dot; `bin` for what is never stored. Gzipped files are NIfTI volumes. */
export function extensionOf(mediaType: string): string {
  return EXTENSIONS[mediaType] ?? 'bin';
}
