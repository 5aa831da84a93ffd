import { answer, type Json, type Operation, parameter, path, type PathItem, refusals } from './parts.js';

const ROOT = '/dicomweb';
const STUDY = `${ROOT}/studies/{study}`;
const SERIES = `${STUDY}/series/{series}`;
const INSTANCE = `${SERIES}/instances/{instance}`;

/** DICOMweb (PS3.18); docs/dicom-conformance.md has attributes, media types and transfer syntaxes. */
export function dicomwebPaths(): Record<string, PathItem> {
  const get = (address: string, operation: Omit<Operation, 'parameters'> & { parameters?: readonly Json[] }) => [
    address,
    path('DICOMweb', { get: { ...operation, parameters: [...namesIn(address), ...(operation.parameters ?? [])] } }),
  ];
  const search = (address: string, operationId: string, summary: string) =>
    get(address, {
      operationId,
      summary,
      parameters: SEARCH,
      responses: {
        '200': answer('What was found.', JSON_TYPES, DATASETS),
        '204': answer('Nothing was found.'),
        ...REFUSED,
      },
    });
  const retrieve = (address: string, operationId: string, summary: string, mediaTypes: readonly string[]) =>
    get(address, { operationId, summary, responses: { '200': answer('What was asked for.', mediaTypes), ...REFUSED } });
  const metadata = (address: string, operationId: string) =>
    get(`${address}/metadata`, {
      operationId,
      summary: 'Attributes, with large values by address',
      responses: { '200': answer('A data set for each instance.', JSON_TYPES, DATASETS), ...REFUSED },
    });
  const store = (address: string, operationId: string) => ({
    post: {
      ...STORE,
      operationId,
      parameters: [...namesIn(address), ...STATED],
    },
  });
  const paths: Record<string, PathItem> = Object.fromEntries([
    search(`${ROOT}/studies`, 'searchStudies', 'Studies that fit'),
    search(`${ROOT}/series`, 'searchSeries', 'Series that fit'),
    search(`${ROOT}/instances`, 'searchInstances', 'Instances that fit'),
    search(`${STUDY}/series`, 'searchSeriesOfStudy', 'Series of a study that fit'),
    search(`${STUDY}/instances`, 'searchInstancesOfStudy', 'Instances of a study that fit'),
    search(`${SERIES}/instances`, 'searchInstancesOfSeries', 'Instances of a series that fit'),
    retrieve(STUDY, 'retrieveStudy', 'The objects of a study', [RELATED]),
    retrieve(SERIES, 'retrieveSeries', 'The objects of a series', [RELATED]),
    retrieve(INSTANCE, 'retrieveInstance', 'An object', [RELATED, 'application/dicom']),
    metadata(STUDY, 'studyMetadata'),
    metadata(SERIES, 'seriesMetadata'),
    metadata(INSTANCE, 'instanceMetadata'),
    retrieve(`${INSTANCE}/frames/{frames}`, 'frames', 'Pixels of frames', [RELATED, 'application/octet-stream']),
    retrieve(`${INSTANCE}/rendered`, 'rendered', 'A picture of an instance', PICTURES),
    retrieve(`${INSTANCE}/frames/{frames}/rendered`, 'renderedFrame', 'A picture of a frame', PICTURES),
    retrieve(`${INSTANCE}/bulkdata/{tag}`, 'bulkData', 'A value that metadata gives by address', [
      RELATED,
      'application/octet-stream',
    ]),
  ]);
  for (const [address, operationId] of [
    [`${ROOT}/studies`, 'store'],
    [STUDY, 'storeInStudy'],
  ] as const) {
    paths[address] = { ...paths[address], ...path('DICOMweb', store(address, operationId)) };
  }
  return paths;
}

const RELATED = 'multipart/related';
const JSON_TYPES = ['application/dicom+json', 'application/json'];
const PICTURES = ['image/jpeg', 'image/png'];
const REFUSED = refusals(400, 401, 403, 404, 406, 429, 503);
const DATASETS: Json = { type: 'array', items: { type: 'object' } };

const SEARCH = [
  parameter('query', 'limit', 'Most that one answer gives.', {
    type: 'integer',
    default: 100,
    minimum: 1,
    maximum: 1000,
  }),
  parameter('query', 'offset', 'How many to skip.', { type: 'integer', default: 0, minimum: 0 }),
  parameter('query', 'includefield', 'Attributes to answer with besides, or all.'),
  parameter('query', 'fuzzymatching', 'Answered literally, with a warning.', { type: 'boolean' }),
  {
    ...parameter('query', 'attributes', 'Attributes to match, each by keyword or tag.', {
      type: 'object',
      additionalProperties: { type: 'string' },
    }),
    style: 'form',
    explode: true,
  },
];

/** Whose objects are that are stored. */
const STATED = [
  parameter('query', 'participant', 'Whose they are, where PatientID does not say it: seven digits.'),
  parameter('query', 'visit', 'Of which visit, where they do not say it, such as V00.'),
  parameter('query', 'side', 'Of which knee, where they do not say it.', { type: 'string', enum: ['RIGHT', 'LEFT'] }),
];

const STORE: Operation = {
  operationId: '',
  summary: 'Images of participants, and radiographs of one’s own, each as POST /radiographs keeps it',
  description: 'For OPERATOR and above; up to 1,000 objects.',
  requestBody: { required: true, content: { [RELATED]: {}, 'application/dicom': {} } },
  responses: {
    '200': answer('All are stored.', JSON_TYPES, { type: 'object' }),
    '202': answer('Some are stored.', JSON_TYPES, { type: 'object' }),
    '409': answer('None is stored, and why.', JSON_TYPES, { type: 'object' }),
    ...refusals(400, 401, 403, 415, 429, 503),
  },
};

const NAMES: Readonly<Record<string, string>> = {
  study: 'Study Instance UID.',
  series: 'Series Instance UID.',
  instance: 'SOP Instance UID.',
  frames: 'Numbers of frames from 1, separated by commas.',
  tag: 'Where the value is, as metadata gives it.',
};

/** The parameters that an address has. */
function namesIn(address: string): Json[] {
  return [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => parameter('path', name!, NAMES[name!]!));
}
