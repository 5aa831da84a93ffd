/**
 * Which files an ONNX graph keeps weights in ("external data": a protobuf message ends at 2 GiB). ONNX Runtime opens them by the
 * names the graph gives, so the graph must be read before it is loaded: only files that the manifest lists, with a hash each, may be.
 */

/** Messages of onnx.proto that lead to tensors, each with its fields (by number) that do. */
const FIELDS: Record<string, Record<number, string>> = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  function: { 7: 'node', 11: 'attribute' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparseTensor' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparseTensor', 23: 'sparseTensor' },
  sparseTensor: { 1: 'tensor', 2: 'tensor' },
  tensor: { 13: 'entry' },
};

/** Subgraphs nest; no honest graph nests deeper. */
const DEEPEST = 64;

/** One field of a protobuf message; `bytes` are there when its wire type has a length. */
interface Field {
  number: number;
  bytes?: Buffer;
}

/**
 * The locations of external data in an ONNX file, each once, as the graph writes them: not yet checked to be file names.
 *
 * @throws RangeError with what is wrong when the bytes are no protobuf message
 */
export function externalLocations(onnx: Buffer): string[] {
  const locations = new Set<string>();
  collect(onnx, 'model', 0, locations);
  return [...locations];
}

function collect(message: Buffer, type: string, depth: number, locations: Set<string>): void {
  if (depth > DEEPEST) throw new RangeError(`its messages nest deeper than ${DEEPEST}`);
  for (const { number, bytes } of fieldsOf(message)) {
    const child = FIELDS[type]![number];
    if (child === undefined || bytes === undefined) continue;
    if (child === 'entry') addLocation(bytes, locations);
    else collect(bytes, child, depth + 1, locations);
  }
}

/** A StringStringEntryProto: key is field 1, value field 2. */
function addLocation(entry: Buffer, locations: Set<string>): void {
  let [key, value] = ['', ''];
  for (const { number, bytes } of fieldsOf(entry)) {
    if (number === 1) key = bytes?.toString('utf8') ?? '';
    if (number === 2) value = bytes?.toString('utf8') ?? '';
  }
  if (key === 'location') locations.add(value);
}

function* fieldsOf(message: Buffer): Generator<Field> {
  let position = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[position++];
      if (byte === undefined) throw new RangeError('its protobuf is cut off');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('its protobuf has a number of more than ten bytes');
  };
  const take = (length: bigint): Buffer => {
    const end = BigInt(position) + length;
    if (end > BigInt(message.length)) throw new RangeError('its protobuf is cut off');
    const bytes = message.subarray(position, Number(end));
    position = Number(end);
    return bytes;
  };
  while (position < message.length) {
    const tag = Number(varint());
    if (tag > 0xffff_ffff) throw new RangeError('its protobuf has a field number that is too large');
    const field = { number: tag >>> 3 };
    switch (tag & 7) {
      case 0:
        varint();
        yield field;
        break;
      case 1:
        take(8n);
        yield field;
        break;
      case 2:
        yield { ...field, bytes: take(varint()) };
        break;
      case 5:
        take(4n);
        yield field;
        break;
      default:
        throw new RangeError(`its protobuf has the unknown wire type ${tag & 7}`);
    }
  }
}
