import type { EntityManager } from 'typeorm';
import type { Strip } from '../../domain/strips.js';
import { calendarDate } from '../../oai/index.js';
import {
  type Deidentified,
  type DeidentificationReport,
  deidentifyDicom,
  type DeidentifiedSubject,
  pseudonymousUid,
} from '../../imaging/deidentification/index.js';
import { isDicom, readDicomHeader, readDicomHeaders } from '../../imaging/dicom/read.js';
import type { SeriesFile } from '../../imaging/dicom/scan.js';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';
import { type FileSource, readSource } from '../../imaging/source.js';
import type { BlobStore, LetGo } from '../../storage/index.js';
import { daysBackOf, uidKey } from '../access/index.js';
import { forgetOriginal, keepOriginal, type OwnerOfOriginal } from '../files/index.js';
import { forgetUnredacted } from './redactions.js';
import { daysBackFor, daysBetween } from './shared-studies.js';
import { type ReadFilm, readStoredFilm, readStoredFilmApart } from './stored-film.js';

/** What an import does about the objects that images come as. */
export interface ObjectOptions {
  /** Keep no objects, only what is made of their pixels. */
  withoutOriginals?: boolean | undefined;
  /** Strips that are made black in every image; what says that text is burned in is refused without. */
  redact?: readonly Strip[] | undefined;
  /** Read films in a thread of their own, because others wait for this process. */
  apart?: boolean | undefined;
  /** Called for every file that was de-identified, once it is imported. */
  onDeidentified?: ((report: DeidentificationReport) => void) | undefined;
}

/** Whose images are de-identified. */
export interface DeidentifiedFor {
  oaiId: string;
  /** Day of the study as a release publishes it: dates go where it says. Null for images from elsewhere, whose dates go back. */
  published: string | null;
  synthetic: boolean;
}

/** De-identifies the files of a participant. */
export interface Deidentifier {
  /**
   * A film, read from what is left of its file.
   *
   * @throws UserError FILE_REFUSED
   */
  film(file: FileSource, name: string): Promise<ReadFilm>;
  /** What is left of a header: whatever is stored of it is taken from there. */
  header(slice: Pick<SeriesFile, 'path' | 'frame'>, name: string): Promise<DicomAttributes>;
  /**
   * Keeps these files, and tells what became of each.
   *
   * @returns files that show what was redacted, to be removed once the transaction has ended
   */
  keep(
    owner: Exclude<OwnerOfOriginal, { uploadId: string }>,
    files: readonly Deidentified[] | readonly string[],
  ): Promise<LetGo[]>;
}

/** The participant must be in the database: their key decides about dates. */
export async function deidentifierFor(
  manager: EntityManager,
  store: BlobStore,
  { oaiId, published, synthetic }: DeidentifiedFor,
  { withoutOriginals = false, redact = [], apart = false, onDeidentified }: ObjectOptions,
): Promise<Deidentifier> {
  const key = await uidKey(manager);
  let back = await daysBackOf(manager, oaiId);

  const subjectFor = (studyDate: string | null): DeidentifiedSubject => ({
    pseudonym: oaiId,
    daysBack: daysTo(published, studyDate) ?? back,
    uidKey: key,
    synthetic,
    redact,
  });

  /** Somebody's study may be known by the other door, which then says about dates. */
  async function meet(bytes: Uint8Array, name: string): Promise<void> {
    if (synthetic || !isDicom(bytes)) return;
    const { studyUid, studyDate } = await readDicomHeader({ bytes, name });
    const day = calendarDate(studyDate ?? '');
    if (studyUid === null || day === null) return;
    back = await daysBackFor(manager, store, { oaiId, studyUid: pseudonymousUid(key, studyUid), day, published });
  }

  async function file(path: string, name: string): Promise<Deidentified> {
    const { bytes } = await readSource(path);
    const { studyDate } = await readDicomHeader({ bytes, name });
    return deidentifyDicom({ bytes, name }, subjectFor(studyDate));
  }

  async function* each(files: readonly Deidentified[] | readonly string[]) {
    for (const one of files) {
      const { bytes, report } = typeof one === 'string' ? await file(one, 'The series') : one;
      onDeidentified?.(report);
      if (bytes !== null) yield { bytes, sopInstanceUid: report.sopInstanceUid! };
    }
  }

  return {
    async film(file, name) {
      const { bytes } = await readSource(file);
      await meet(bytes, name);
      const study = isDicom(bytes) ? await readDicomHeader({ bytes, name }) : null;
      const read = apart ? readStoredFilmApart : readStoredFilm;
      return read({ bytes, name, subject: subjectFor(study?.studyDate ?? null) });
    },
    async header({ path, frame }, name) {
      await meet((await readSource(path)).bytes, name);
      return (await readDicomHeaders({ bytes: (await file(path, name)).bytes!, name }))[frame]!;
    },
    async keep(owner, files) {
      const keepObject = async (): Promise<void> => {
        if (!withoutOriginals) return keepOriginal(manager, store, owner, each(files));
        if (onDeidentified) for await (const _ of each(files));
        // The object of what the image was before may show what was redacted now.
        if (redact.length > 0) await forgetOriginal(manager, owner);
      };
      if (redact.length > 0) return forgetUnredacted(manager, owner, keepObject);
      await keepObject();
      return [];
    },
  };
}

/** How many days back a date goes that becomes another; null where one of them is not known. */
function daysTo(published: string | null, studyDate: string | null): number | null {
  const said = calendarDate(studyDate ?? '');
  return published === null || said === null ? null : daysBetween(said, published);
}
