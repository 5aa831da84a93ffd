import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import type { JsonDataSet } from '../../imaging/dicom/json-model.js';
import type { Principal } from '../../policy/index.js';
import { type AttributeLevel, SEARCHABLE, searchable, type SearchableAttribute } from './attributes.js';
import { conditionOf, isOfInstances, type Match, rowConditionOf } from './matching.js';
import type { DicomPath } from '../dicom-objects/index.js';
import { sightOf, VISIBLE, visibleTo } from '../dicom-objects/index.js';

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
  synthetic: z.boolean().nullable(),
  isMore: z.boolean().nullable(),
});

/** The newest study first; within it whatever is always the same. */
const ORDER = 'study_date DESC NULLS LAST, study_uid';

/** Instances of a row, by their places. */
const INSTANCES = 'unnest(d.instance_uids, d.instance_numbers) WITH ORDINALITY i(uid, number, place)';

/**
 * What of the objects that a principal may see fits a request, the newest study first. One statement, whatever is found.
 *
 * @returns at most `limit`, and whether there is more; an instance that two images share may come twice on two pages
 * @throws UserError BAD_USER_INPUT for a value that its attribute cannot have
 */
export async function searchObjects(
  dataSource: DataSource,
  principal: Pick<Principal, 'tokenId' | 'role'>,
  request: SearchRequest,
): Promise<{ found: Found[]; isMore: boolean }> {
  const { level, below, matches, limit, offset } = request;
  const values: unknown[] = sightOf(principal);
  const parameter = (value: unknown) => `$${values.push(value)}`;
  const ofInstances = conjunction(matches.filter(isOfInstances).map((match) => conditionOf(match, parameter)));
  const ofSeries = [
    ...(below.studyUid === undefined ? [] : [`study_uid = ${parameter(below.studyUid)}`]),
    ...(below.seriesUid === undefined ? [] : [`series_uid = ${parameter(below.seriesUid)}`]),
    ...matches.map((match) => (isOfInstances(match) ? rowConditionOf : conditionOf)(match, parameter)),
  ];
  const hits = ofInstances === 'true' ? 'instance_count' : `(SELECT count(*) FROM ${INSTANCES} WHERE ${ofInstances})`;
  const page = { level, hits, ofInstances, first: parameter(offset), last: parameter(offset + limit + 1) };
  const rows = await queryRows(
    dataSource,
    ROW,
    `WITH visible AS NOT MATERIALIZED (
       SELECT d.id, d.study_uid, d.series_uid, d.study_date, d.patient_id, d.modality, d.attributes, d.instance_uids, d.instance_numbers,
         d.instance_count ${VISIBLE} WHERE ${visibleTo('$1', '$2')}
     ), fitting AS NOT MATERIALIZED (SELECT * FROM visible d WHERE ${conjunction(ofSeries)})
     ${level === 'INSTANCE' ? pageOfInstances(page) : pageOfGroups(page)}`,
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
  return { found, isMore: rows.length > limit || rows[0]?.isMore === true };
}

interface Page {
  level: AttributeLevel;
  /** SQL: how many instances of a row are meant. */
  hits: string;
  /** SQL of the conditions on one of them. */
  ofInstances: string;
  /** SQL: where the page begins, and where it ends. */
  first: string;
  last: string;
}

function conjunction(conditions: readonly string[]): string {
  return conditions.length > 0 ? conditions.join(' AND ') : 'true';
}

/** Studies or series; what is counted of them is over all of it that is shown, whatever else was asked for. */
function pageOfGroups({ level, hits, first, last }: Page): string {
  const keys = level === 'STUDY' ? 'study_uid' : 'study_uid, series_uid';
  const same =
    level === 'STUDY' ? 'd.study_uid = c.study_uid' : 'd.study_uid = c.study_uid AND d.series_uid = c.series_uid';
  return `, chosen AS (
      SELECT ${keys}, min(id) AS id, max(study_date) AS study_date FROM fitting d WHERE ${hits} > 0
      GROUP BY ${keys} ORDER BY ${ORDER}${level === 'STUDY' ? '' : ', series_uid'} LIMIT ${last}::integer - ${first}::integer OFFSET ${first}
    )
    SELECT c.study_uid AS "studyUid", ${level === 'STUDY' ? 'NULL' : 'c.series_uid'} AS "seriesUid", NULL AS "instanceUid",
      NULL::integer AS "instanceNumber", NULL::boolean AS "isMore", d.attributes, n.*
    FROM chosen c JOIN dicom_series d ON d.id = c.id, LATERAL (
      SELECT array_agg(DISTINCT d.modality) FILTER (WHERE d.modality IS NOT NULL) AS modalities, count(DISTINCT d.series_uid) AS series,
        count(DISTINCT i.uid) AS instances,
        bool_and(coalesce(d.attributes->'${SYNTHETIC.tag}'->'Value'->>0 = 'YES', false)) AS synthetic
      FROM visible d CROSS JOIN LATERAL ${INSTANCES} WHERE ${same}) n
    ORDER BY c.study_date DESC NULLS LAST, c.study_uid${level === 'STUDY' ? '' : ', c.series_uid'}`;
}

/** Instances: how many each image has tells which images a page is of, and only theirs are looked at one by one. */
function pageOfInstances({ hits, ofInstances, first, last }: Page): string {
  return `, counted AS (SELECT id, study_date, study_uid, series_uid, ${hits} AS hits FROM fitting d),
    placed AS (SELECT *, sum(hits) OVER (ORDER BY ${ORDER}, series_uid, id) - hits AS before FROM counted WHERE hits > 0),
    listed AS (
      SELECT d.study_uid, d.series_uid, d.attributes, i.uid, i.number, p.before + row_number() OVER (PARTITION BY d.id ORDER BY i.place) - 1 AS position
      FROM placed p JOIN dicom_series d ON d.id = p.id CROSS JOIN LATERAL ${INSTANCES}
      WHERE p.before < ${last} AND p.before + p.hits > ${first} AND ${ofInstances}
    ), paged AS (
      SELECT DISTINCT ON (study_uid, series_uid, uid) * FROM listed WHERE position >= ${first} AND position < ${last}::integer - 1
      ORDER BY study_uid, series_uid, uid, position
    )
    SELECT study_uid AS "studyUid", series_uid AS "seriesUid", uid AS "instanceUid", number AS "instanceNumber", attributes,
      NULL::text[] AS modalities, NULL::integer AS series, NULL::integer AS instances, NULL::boolean AS synthetic,
      (SELECT sum(hits) FROM placed) >= ${last} AS "isMore" FROM paged ORDER BY position`;
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
  const wanted = SEARCHABLE.filter(
    (attribute) => attribute === SYNTHETIC || (levels.includes(attribute.level) && included(attribute)),
  );
  const stored = Object.fromEntries(
    wanted.flatMap(({ tag, vr, isAlways }) => {
      const value = row.attributes[tag];
      // What an answer must have and nobody knows stands there empty.
      return value ? [[tag, value]] : isAlways && MAY_BE_EMPTY.has(tag) ? [[tag, { vr }]] : [];
    }),
  );
  // A study is called synthetic only where every series of it is.
  if (level === 'STUDY' && !row.synthetic) delete stored[SYNTHETIC.tag];
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

/** Marks generated objects in every answer that is about such objects alone: nobody takes them for images of a person. */
const SYNTHETIC = searchable('SyntheticData');

const MAY_BE_EMPTY = new Set(
  ['StudyDate', 'StudyTime', 'AccessionNumber', 'ReferringPhysicianName', 'PatientName', 'PatientID']
    .concat(['PatientBirthDate', 'PatientSex', 'StudyID', 'SeriesNumber'])
    .map((keyword) => searchable(keyword).tag),
);
