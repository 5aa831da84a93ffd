import dimse from 'dcmjs-dimse';
import type { association, responses } from 'dcmjs-dimse';
import type { EncodedDataSet } from '../../imaging/dicom/data-set.js';
import { associate, type Calling, refused, statusCode, unavailable } from './association.js';
import type { Pacs } from './pacs.js';

const { PresentationContextResult, Status } = dimse.constants;

/** A data set that goes out byte for byte, unless the other side takes another transfer syntax alone. */
class StoredDataSet extends dimse.Dataset {
  constructor(private readonly encoded: EncodedDataSet) {
    const { sopClassUid, sopInstanceUid, transferSyntax } = encoded;
    super({ SOPClassUID: sopClassUid, SOPInstanceUID: sopInstanceUid }, transferSyntax);
  }

  override getElements(): Record<string, unknown> {
    const { bytes, transferSyntax } = this.encoded;
    return new dimse.Dataset(Buffer.from(bytes), transferSyntax).getElements();
  }

  override getDenaturalizedDataset(): Buffer {
    const { buffer, byteOffset, byteLength } = this.encoded.bytes;
    return Buffer.from(buffer, byteOffset, byteLength);
  }
}

/**
 * Sends objects to a PACS over one association (C-STORE), in their order. The first that is refused ends it.
 *
 * @param onStored told of each object that the PACS has answered for, and whether with a warning
 * @throws UserError UNAVAILABLE where the PACS cannot be reached, breaks off or has no room; CONFLICT where it refuses the association or an object
 */
export async function storeOnPacs(
  pacs: Pacs,
  calling: Calling,
  objects: readonly EncodedDataSet[],
  { onStored, signal }: { onStored: (warned: boolean) => void; signal?: AbortSignal | undefined },
): Promise<void> {
  let stored = 0;
  const requests = objects.map((object) => {
    const request = new dimse.requests.CStoreRequest(new StoredDataSet(object));
    request.on('response', (response: responses.Response) => {
      const status = response.getStatus();
      const outcome = outcomeOf(status);
      if (outcome === 'STORED' || outcome === 'WARNED') {
        stored++;
        return onStored(outcome === 'WARNED');
      }
      const what = `${statusCode(status)} for the object ${object.sopInstanceUid}${commentIn(response)}`;
      giveUp(
        outcome === 'FULL'
          ? unavailable(pacs, `has no room now: ${what}`)
          : refused(pacs, `refuses: it answers ${what}`),
      );
    });
    return request;
  });
  const { over, giveUp } = associate(pacs, calling, {
    requests,
    signal,
    accepted(made) {
      const taken = takenBy(made);
      const other = objects.find(({ sopClassUid }) => !taken.has(sopClassUid));
      if (other) throw refused(pacs, `takes no objects of the SOP class ${other.sopClassUid}`);
    },
    closed() {
      if (stored < objects.length) throw unavailable(pacs, 'has broken off');
    },
  });
  await over;
}

/** SOP classes of which objects are taken. */
function takenBy(made: association.Association): Set<string> {
  const accepted = made
    .getPresentationContexts()
    .filter(({ context }) => context.getResult() === PresentationContextResult.Accept);
  return new Set(accepted.map(({ context }) => context.getAbstractSyntaxUid()));
}

/** What a status of C-STORE means (PS3.4, B.2.3): an object that is there already is as good as stored. */
function outcomeOf(status: number): 'STORED' | 'WARNED' | 'FULL' | 'REFUSED' {
  if (status === Status.Success || status === Status.DuplicateSOPInstance) return 'STORED';
  if (status >> 12 === 0xb || status === 0x0001 || status === 0x0107 || status === 0x0116) return 'WARNED';
  return status >> 8 === 0xa7 || status === Status.ResourceLimitation ? 'FULL' : 'REFUSED';
}

/** The other side's own words, of which nobody knows what they hold. */
function commentIn(response: responses.Response): string {
  const comment: unknown = response.getErrorComment();
  const text =
    typeof comment === 'string'
      ? comment
          .replace(/[^\x20-\x7e]/g, ' ')
          .trim()
          .slice(0, 64)
      : '';
  return text === '' ? '' : ` (${text})`;
}
