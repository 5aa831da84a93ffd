import dimse from 'dcmjs-dimse';
import type { association, responses } from 'dcmjs-dimse';
import { type EncodedDataSet, encodedDataSet } from '../../imaging/dicom/data-set.js';
import { toImplicitLittleEndian } from '../../imaging/dicom/transcode.js';
import { associate, type Calling, refused, statusCode, unavailable } from './association.js';
import type { Pacs } from './pacs.js';

const { PresentationContextResult, Status } = dimse.constants;

/** A data set that goes out byte for byte: the library's own way of writing would leave out what it has no name for. */
class StoredDataSet extends dimse.Dataset {
  constructor(private readonly encoded: EncodedDataSet) {
    const { sopClassUid, sopInstanceUid, transferSyntax } = encoded;
    super({ SOPClassUID: sopClassUid, SOPInstanceUID: sopInstanceUid }, transferSyntax);
  }

  override getDenaturalizedDataset(): Buffer {
    const { buffer, byteOffset, byteLength } = this.encoded.bytes;
    return Buffer.from(buffer, byteOffset, byteLength);
  }
}

/**
 * Sends objects to a PACS over one association (C-STORE), in their order. The first that is refused ends it.
 *
 * @param objects in explicit little endian; a PACS that takes implicit alone is sent that
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
      for (const [index, object] of objects.entries()) {
        const syntaxes = taken.get(object.sopClassUid);
        if (!syntaxes) throw refused(pacs, `takes no objects of the SOP class ${object.sopClassUid}`);
        if (!syntaxes.has(object.transferSyntax)) requests[index]!.setDataset(new StoredDataSet(inImplicit(object)));
      }
    },
    closed() {
      if (stored < objects.length) throw unavailable(pacs, 'has broken off');
    },
  });
  await over;
}

/** Transfer syntaxes in which objects are taken, by SOP class. */
function takenBy(made: association.Association): Map<string, Set<string | undefined>> {
  const taken = new Map<string, Set<string | undefined>>();
  for (const { context } of made.getPresentationContexts()) {
    if (context.getResult() !== PresentationContextResult.Accept) continue;
    const syntaxes = taken.get(context.getAbstractSyntaxUid()) ?? new Set();
    taken.set(context.getAbstractSyntaxUid(), syntaxes.add(context.getAcceptedTransferSyntaxUid()));
  }
  return taken;
}

/** The same object in the other transfer syntax that is proposed. */
function inImplicit({ file }: EncodedDataSet): EncodedDataSet {
  return encodedDataSet(toImplicitLittleEndian(file, 'The object'))!;
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
