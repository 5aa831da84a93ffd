import { z } from 'zod';
import { STUDY_ELEMENT, STUDY_IMAGE, type StudyElement, type StudyImage } from '../../imaging/dicom/study.js';

/** Where the objects of one image come from. */
export interface ObjectSource {
  /** The file that holds them; null where they are made from the stored volume. */
  file: StoredObjects | null;
  /** The generated MRI series that they are made from otherwise. */
  seriesId: number | null;
  /** The reading that is reported. */
  readingId: string | null;
  /** Of what a bundle made or read; null for kept objects. */
  made: MadeObjects | null;
  /** UIDs of all of them, in the order of the file; empty before they are known. */
  instanceUids: readonly string[];
}

/** A file of one object, or an archive of several. */
export interface StoredObjects {
  storageKey: string;
  mediaType: string;
  bytes: number;
}

/** The objects that an image came as. */
export interface KeptObject extends StoredObjects {
  /** Of original_object. */
  id: number;
  assetId: number;
  instanceUids: string[];
}

/** Objects that a bundle made, and the study that they go into. */
export interface MadeObjects {
  /** Of dicom_series. */
  id: number;
  revision: number;
  /** The image in whose study they are; null where they have a study of their own, and as long as that is not decided. */
  from: StudyImage | null;
  /** What the study says; null as long as it is not decided. */
  elements: StudyElement[] | null;
  /** The object of a real image that they were made from, as it is now. */
  object: KeptObject | null;
}

/** A row with {@link SOURCE_COLUMNS}. */
export const SOURCE = z.object({
  /** Of dicom_series. */
  id: z.number(),
  revision: z.number(),
  generated: z.boolean(),
  readingId: z.string().nullable(),
  storageKey: z.string().nullable(),
  mediaType: z.string().nullable(),
  bytes: z.coerce.number().nullable(),
  seriesId: z.number().nullable(),
  madeFrom: STUDY_IMAGE.nullable(),
  elements: z.array(STUDY_ELEMENT).nullable(),
  fromId: z.number().nullable(),
  fromAsset: z.number().nullable(),
  fromKey: z.string().nullable(),
  fromType: z.string().nullable(),
  fromBytes: z.coerce.number().nullable(),
  fromUids: z.array(z.string()).nullable(),
});

/** Columns of {@link ObjectSource}, and the tables that they come from: those of {@link LISTED}, and more. */
export const SOURCE_COLUMNS = `d.id, d.revision, d.original_id IS NULL AS generated, k.id AS "readingId",
  a.storage_key AS "storageKey", a.media_type AS "mediaType", a.bytes, s.id AS "seriesId",
  d.made_from AS "madeFrom", d.study_elements AS elements,
  fo.id AS "fromId", fo.asset_id AS "fromAsset", fa.storage_key AS "fromKey", fa.media_type AS "fromType", fa.bytes AS "fromBytes", fo.instance_uids AS "fromUids"`;
export const SOURCE_TABLES = `LEFT JOIN generation_output f ON f.generation_id = g.id AND f.kind = 'DICOM' AND f.index = 0
  LEFT JOIN mri_series s ON s.generation_id = g.id AND s.asset_id IS NOT NULL
  LEFT JOIN asset a ON a.id = COALESCE(o.asset_id, f.asset_id)
  LEFT JOIN original_object fo ON fo.upload_id = COALESCE(g.upload_id, k.upload_id)
    OR fo.radiograph_id = (SELECT id FROM radiograph WHERE id = COALESCE(g.radiograph_id, k.radiograph_id) AND provenance = 'REAL')
    OR fo.series_id = (SELECT id FROM mri_series WHERE id = g.source_series_id AND provenance = 'REAL')
  LEFT JOIN asset fa ON fa.id = fo.asset_id`;

/** The source of a row with {@link SOURCE_COLUMNS}; undefined where it has none, as a generation that makes no DICOM. */
export function sourceOf(row: z.infer<typeof SOURCE>, instanceUids: readonly string[]): ObjectSource | undefined {
  const { id, revision, generated, seriesId, readingId, madeFrom: from, elements } = row;
  const file = storedIn(row.storageKey, row.mediaType, row.bytes);
  if (file === null && seriesId === null && readingId === null) return undefined;
  const stored = storedIn(row.fromKey, row.fromType, row.fromBytes);
  const object = stored && { ...stored, id: row.fromId!, assetId: row.fromAsset!, instanceUids: row.fromUids! };
  return { file, seriesId, readingId, made: generated ? { id, revision, from, elements, object } : null, instanceUids };
}

function storedIn(storageKey: string | null, mediaType: string | null, bytes: number | null): StoredObjects | null {
  return storageKey === null ? null : { storageKey, mediaType: mediaType!, bytes: bytes! };
}
