import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import type { JsonDataSet } from '../../imaging/dicom/json-model.js';
import type { Principal } from '../../policy/index.js';
import { type AttributeLevel, SEARCHABLE, searchable, type SearchableAttribute } from './attributes.js';
import { conditionOf, type Match } from './matching.js';
import type { DicomPath } from './objects.js';
import { sightOf, VISIBLE, visibleTo } from './visible.js';

/** A search for studies, series or instances. */
export interface SearchRequest {
  level: AttributeLevel;
  /** Below which study and series it looks; absent for everywhere. */
  below: Partial<DicomPath>;
  /** All of which must hold. */
  matches: readonly Match[];
  /** Attributes beside those that are always answered with; `all` for every one. */
  include: 'all' | readonly SearchableAttribute[];
  limit: number;
  offset: number;
}

/** A study, series or instance that was found. */
export interface Found {
  path: DicomPath;
  /** The DICOM JSON Model. */
  attributes: JsonDataSet;
}

const ROW = z.object({
  studyUid: z.string(),
  seriesUid: z.string().nullable(),
  instanceUid: z.string().nullable(),
  instanceNumber: z.number().nullable(),
  attributes: z.custom<JsonDataSet>((value) => typeof value === 'object' && value !== null),
  modalities: z.array(z.string()).nullable(),
  series: z.coerce.number().nullable(),
  instances: z.coerce.number().nullable(),
});

/** What one row of an answer is, and the order of answers. */
const LEVELS: Readonly<Record<AttributeLevel, { keys: string; order: string }>> = {
  STUDY: { keys: 'study_uid', order: 'study_date DESC NULLS LAST, study_uid' },
  SERIES: { keys: 'study_uid, series_uid', order: 'study_date DESC NULLS LAST, study_uid, series_uid' },
  INSTANCE: {
    keys: 'study_uid, series_uid, instance_uid',
    order: 'study_date DESC NULLS LAST, study_uid, series_uid, place, instance_uid',
  },
};

/**
 * What of the objects that a principal may see fits a request, the newest study first. One statement, whatever is found.
 *
 * @returns at most `limit`, and whether there is more
 * @throws UserError BAD_USER_INPUT for a value that its attribute cannot have
 */
export async function searchObjects(
  dataSource: DataSource,
  principal: Pick<Principal, 'tokenId' | 'role'>,
  request: SearchRequest,
): Promise<{ found: Found[]; isMore: boolean }> {
  const { level, below, limit, offset } = request;
  const values: unknown[] = sightOf(principal);
  const parameter = (value: unknown) => `$${values.push(value)}`;
  const conditions = [
    ...(below.studyUid === undefined ? [] : [`study_uid = ${parameter(below.studyUid)}`]),
    ...(below.seriesUid === undefined ? [] : [`series_uid = ${parameter(below.seriesUid)}`]),
    ...request.matches.map((match) => conditionOf(match, parameter)),
  ];
  // Instances are only looked at one by one where they are what is asked about.
  const ofInstances = level === 'INSTANCE' || request.matches.some(({ attribute }) => IS_OF_ONE.has(attribute.keyword));
  const { keys, order } = LEVELS[level];
  const rows = await queryRows(
    dataSource,
    ROW,
    `WITH visible AS NOT MATERIALIZED (
       SELECT d.id, d.study_uid, d.series_uid, d.attributes, d.instance_uids, d.attributes #>> '{00080020,Value,0}' AS study_date,
         d.attributes #>> '{00080060,Value,0}' AS modality${ofInstances ? ', i.uid AS instance_uid, i.number AS instance_number, i.place' : ''}
       ${VISIBLE}
       ${ofInstances ? 'CROSS JOIN LATERAL unnest(d.instance_uids, d.instance_numbers) WITH ORDINALITY i(uid, number, place)' : ''}
       WHERE ${visibleTo('$1', '$2')}
     ), chosen AS (
       SELECT ${keys}, min(id) AS id, max(study_date) AS study_date${level === 'INSTANCE' ? ', min(place) AS place, min(instance_number) AS instance_number' : ''}
       FROM visible ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
       GROUP BY ${keys} ORDER BY ${order} LIMIT ${parameter(limit + 1)} OFFSET ${parameter(offset)}
     )
     SELECT c.study_uid AS "studyUid", ${level === 'STUDY' ? 'NULL' : 'c.series_uid'} AS "seriesUid",
       ${level === 'INSTANCE' ? 'c.instance_uid' : 'NULL'} AS "instanceUid", ${level === 'INSTANCE' ? 'c.instance_number' : 'NULL::integer'} AS "instanceNumber",
       d.attributes, n.*
     FROM chosen c JOIN dicom_series d ON d.id = c.id, LATERAL (${countsOf(level)}) n
     ORDER BY ${order.replace(/\b(study_date|study_uid|series_uid|place|instance_uid)\b/g, 'c.$1')}`,
    values,
  );
  const included = request.include === 'all' ? () => true : isIncluded(request.include);
  const found = rows.slice(0, limit).map((row) => ({
    path: {
      studyUid: row.studyUid,
      ...(row.seriesUid === null ? {} : { seriesUid: row.seriesUid }),
      ...(row.instanceUid === null ? {} : { instanceUid: row.instanceUid }),
    },
    attributes: answerOf(level, below, row, included),
  }));
  return { found, isMore: rows.length > limit };
}

/** Attributes of which each instance of a series has one of its own. */
const IS_OF_ONE = new Set(['SOPInstanceUID', 'InstanceNumber']);

/** What is counted of a study or of a series, over all of it that is shown: whatever else was asked for. */
function countsOf(level: AttributeLevel): string {
  if (level === 'INSTANCE')
    return 'SELECT NULL::text[] AS modalities, NULL::integer AS series, NULL::integer AS instances';
  const same = level === 'STUDY' ? '' : 'AND d.series_uid = c.series_uid';
  return `SELECT array_agg(DISTINCT d.attributes #>> '{00080060,Value,0}') FILTER (WHERE d.attributes #>> '{00080060,Value,0}' IS NOT NULL) AS modalities,
      count(DISTINCT d.series_uid) AS series, count(DISTINCT i.uid) AS instances
    ${VISIBLE} CROSS JOIN LATERAL unnest(d.instance_uids) i(uid)
    WHERE ${visibleTo('$1', '$2')} AND d.study_uid = c.study_uid ${same}`;
}

function isIncluded(include: readonly SearchableAttribute[]): (attribute: SearchableAttribute) => boolean {
  const keywords = new Set(include.map(({ keyword }) => keyword));
  return ({ keyword, isAlways }) => isAlways || keywords.has(keyword);
}

/** Attributes of the level itself, and of those above it that the address does not give already. */
function answerOf(
  level: AttributeLevel,
  below: Partial<DicomPath>,
  row: z.infer<typeof ROW>,
  included: (attribute: SearchableAttribute) => boolean,
): JsonDataSet {
  const levels: AttributeLevel[] = [
    ...(level === 'STUDY' || below.studyUid === undefined ? (['STUDY'] as const) : []),
    ...(level === 'SERIES' || (level === 'INSTANCE' && below.seriesUid === undefined) ? (['SERIES'] as const) : []),
    ...(level === 'INSTANCE' ? (['INSTANCE'] as const) : []),
  ];
  const wanted = SEARCHABLE.filter((attribute) => levels.includes(attribute.level) && included(attribute));
  const stored = Object.fromEntries(
    wanted.flatMap(({ tag, vr, isAlways }) => {
      const value = row.attributes[tag];
      // What an answer must have and nobody knows stands there empty.
      return value ? [[tag, value]] : isAlways && MAY_BE_EMPTY.has(tag) ? [[tag, { vr }]] : [];
    }),
  );
  const own: [keyword: string, value: string | number | null | readonly string[]][] = [
    ['StudyInstanceUID', row.studyUid],
    ['SeriesInstanceUID', row.seriesUid],
    ['SOPInstanceUID', row.instanceUid],
    ['InstanceNumber', row.instanceNumber],
    ['ModalitiesInStudy', level === 'STUDY' ? row.modalities : null],
    ['NumberOfStudyRelatedSeries', level === 'STUDY' ? row.series : null],
    ['NumberOfStudyRelatedInstances', level === 'STUDY' ? row.instances : null],
    ['NumberOfSeriesRelatedInstances', level === 'SERIES' ? row.instances : null],
  ];
  for (const [keyword, value] of own) {
    const { tag, vr } = searchable(keyword);
    if (value === null) delete stored[tag];
    else stored[tag] = { vr, Value: [value].flat() };
  }
  return Object.fromEntries(Object.entries(stored).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const MAY_BE_EMPTY = new Set(
  ['StudyDate', 'StudyTime', 'AccessionNumber', 'ReferringPhysicianName', 'PatientName', 'PatientID']
    .concat(['PatientBirthDate', 'PatientSex', 'StudyID', 'SeriesNumber'])
    .map((keyword) => searchable(keyword).tag),
);
