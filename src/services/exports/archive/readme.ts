import type { ArchiveFormat } from '../../../domain/exports.js';

/** README.txt of an archive: what lies where, what is synthetic, how to check it. */
export function readme(format: ArchiveFormat): string {
  const volume =
    format === 'NIFTI_ZIP'
      ? 'one NIfTI file, <name>.nii.gz, axes RAS, millimetres'
      : 'one folder <name>/ with a DICOM file per slice, 001.dcm to the last';
  return `OSTEOGRAPH ARCHIVE OF MRI VOLUMES
=================================

synthetic/   Volumes that a network GENERATED from a radiograph. None of them was taken of anybody. They show what the
             network makes of the film and nothing beyond it; they are not clinically valid.
phantom/     Series of the drawn knees of a synthetic release. No person was scanned.
real/        Series that were taken of participants and imported.

A folder is missing where the archive has nothing of its kind. Below each:

    <OAI id>/<visit>_<side>/<name>    each volume is ${volume}

<name> of a generated volume is <bundle>-<version>_seed<seed>_s<number>, of any other <sequence>_<barcode>.

manifest.json   every volume with its files, their SHA-256, and where a generated one comes from: bundle, code, seed,
                sampler, digests of its inputs, device, timings, attempts
manifest.csv    the same as a table, one row per file
SHA256SUMS      check the files with: sha256sum -c SHA256SUMS

The flag travels with each file too: NIfTI files of generated volumes say SYNTHETIC in their description and carry their
recipe as JSON in a header extension (code 6); DICOM files have Synthetic Data (0008,001C) = YES in synthetic/ and phantom/,
and the provenance of generated ones in the private element (0099,1001) of OSTEOGRAPH.

For research only. Patient ids are the study's pseudonyms.
`;
}
