import { standingSql } from '../../entities/index.js';
import { type Principal, seesEverybodys } from '../../policy/index.js';

/** FROM of the list, with what each row belongs to: a kept object, a generation or a reading. */
export const LISTED = `FROM dicom_series d
  LEFT JOIN original_object o ON o.id = d.original_id
  LEFT JOIN generation g ON g.id = d.generation_id
  LEFT JOIN radiograph_reading k ON k.id = d.reading_id`;

/** The same with the upload that it perhaps comes from. */
export const VISIBLE = `${LISTED}
  LEFT JOIN uploaded_radiograph u ON u.id = COALESCE(o.upload_id, g.upload_id, k.upload_id)
  LEFT JOIN radiograph kept_film ON kept_film.id = o.radiograph_id
  LEFT JOIN mri_series kept_series ON kept_series.id = o.series_id`;

/**
 * SQL of what of {@link VISIBLE} is shown: all that is of a participant and that no newer release dropped; of uploads, and of what was made from them, those that a list of
 * uploads shows.
 *
 * @param everybodys SQL: whether they see what everybody has brought
 * @param own SQL: their token
 */
export function visibleTo(everybodys: string, own: string): string {
  const stands = [standingSql('kept_film'), standingSql('kept_series')].map(
    (standing) => `COALESCE(${standing}, true)`,
  );
  return `d.state = 'LISTED' AND ${stands.join(' AND ')} AND (u.id IS NULL OR ${everybodys}::boolean OR u.owner_id = ${own}::integer)`;
}

/** The values of its two parameters. */
export function sightOf(principal: Pick<Principal, 'tokenId' | 'role'>): [everybodys: boolean, own: number | null] {
  return [seesEverybodys(principal), principal.tokenId];
}
