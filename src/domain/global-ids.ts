/** Kinds of things that `node(id)` finds, with how their database key is written. */
const NODE_KEYS = {
  Participant: 'integer',
  Visit: 'integer',
  Knee: 'integer',
  KneeExam: 'integer',
  Reading: 'integer',
  Radiograph: 'integer',
  MriSeries: 'integer',
  Bundle: 'integer',
  Generation: 'uuid',
  Batch: 'uuid',
  Cohort: 'uuid',
  DerivedVariable: 'uuid',
  Evaluation: 'uuid',
  ReaderStudy: 'uuid',
  ReaderSession: 'uuid',
  Export: 'integer',
  ApiToken: 'integer',
  UploadedRadiograph: 'uuid',
  UploadedMask: 'uuid',
  Worker: 'uuid',
  RadiographReading: 'uuid',
  QuarantinedImage: 'integer',
  ArrivalRule: 'integer',
  DicomSending: 'integer',
  T2Map: 'integer',
  Measurement: 'integer',
  Note: 'integer',
  Webhook: 'integer',
  WebhookDelivery: 'integer',
  AuditEntry: 'integer',
} as const;

export type NodeType = keyof typeof NODE_KEYS;

/** How the database keys of a kind of node are written; the name of their SQL type too. */
export function keyType(type: NodeType): 'integer' | 'uuid' {
  return NODE_KEYS[type];
}

/** A kind of node with its article, for messages: "an Evaluation". */
export function aNode(type: NodeType): string {
  return `${/^[AEIOU]/.test(type) ? 'an' : 'a'} ${type}`;
}

/** A node's kind and database key. */
export interface NodeKey {
  type: NodeType;
  key: number | string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MAX_INTEGER_KEY = 2 ** 31 - 1;

/** The id by which the API knows a row: opaque to callers, one space for every kind. */
export function encodeId(type: NodeType, key: number | string): string {
  return Buffer.from(`${type}:${key}`).toString('base64url');
}

/** Undefined when `id` is not one that {@link encodeId} gives. */
export function decodeId(id: string): NodeKey | undefined {
  const match = /^([A-Za-z][A-Za-z0-9]*):([0-9a-f-]+)$/.exec(Buffer.from(id, 'base64url').toString('latin1'));
  if (!match || !(match[1]! in NODE_KEYS)) return undefined;
  const [type, text] = [match[1] as NodeType, match[2]!];
  if (encodeId(type, text) !== id.replace(/=+$/, '')) return undefined;
  if (NODE_KEYS[type] === 'uuid') return UUID.test(text) ? { type, key: text } : undefined;
  const key = Number(text);
  return Number.isInteger(key) && key > 0 && key <= MAX_INTEGER_KEY ? { type, key } : undefined;
}
