import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { likeliestKl, READING_NOTICE } from '../../domain/film-readings.js';
import { UPLOAD_PSEUDONYM } from '../../domain/uploads.js';
import { RadiographReading } from '../../entities/index.js';
import { encodeKneeReport } from '../../imaging/dicom/knee-report.js';
import type { StudyImage } from '../../imaging/dicom/study.js';

/**
 * The Structured Report of a reading.
 *
 * @param image the film, where it is a DICOM object of a study
 * @throws UserError NOT_FOUND for what has been removed, or says nothing
 */
export async function reportOf(dataSource: DataSource, id: string, image: StudyImage | null): Promise<Uint8Array> {
  const reading = await dataSource
    .getRepository(RadiographReading)
    .findOne({ where: { id }, relations: { bundle: true, exam: { visit: { participant: true } } } });
  if (!reading?.probabilities) throw new UserError('NOT_FOUND', 'There is no such DICOM object.');
  const { exam, side, bundle, createdAt, probabilities, expectedKl, medial, lateral } = reading;
  return encodeKneeReport(
    {
      identity: [id],
      patient: exam?.visit.participant.oaiId ?? UPLOAD_PSEUDONYM,
      ...{ side, bundle, createdAt },
      ...{ kl: likeliestKl(probabilities), expectedKl: expectedKl! },
      ...{ medialMm: medial?.mm ?? null, lateralMm: lateral?.mm ?? null },
      notice: READING_NOTICE,
    },
    image,
  );
}
