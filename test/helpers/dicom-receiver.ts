import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import dicomParser, { type DataSet } from 'dicom-parser';
import dimse from 'dcmjs-dimse';
import type { association, requests, responses } from 'dcmjs-dimse';
import type { Writable } from 'node:stream';
import { freePort } from './dicom-process.js';

const { PresentationContextResult: Result, SopClass } = dimse.constants;

/** An object that a receiver was sent. */
export interface Received {
  calling: string;
  sopInstanceUid: string;
  transferSyntax: string;
  dataSet: DataSet;
}

/** A PACS that stores by C-STORE, does as it is told and forgets nothing. */
export interface Receiver {
  port: number;
  received: Received[];
  /** Resolves once that many objects have come. */
  until(count: number): Promise<void>;
  close(): Promise<void>;
}

export interface ReceiverChoices {
  /** Default: a free one. */
  port?: number;
  aeTitle?: string;
  /** What the nth object is answered with, from 1; 'BREAK' breaks the connection, 'SILENT' never answers. Default: success. */
  answer?: (count: number) => number | 'BREAK' | 'SILENT';
  /** Default: every class. */
  takes?: (sopClassUid: string) => boolean;
  /** Transfer syntaxes that it takes, in its order; default: explicit, then implicit. */
  syntaxes?: readonly string[];
}

export async function startReceiver({
  port,
  aeTitle = 'PACS',
  answer = () => 0,
  takes = () => true,
  syntaxes = ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2'],
}: ReceiverChoices = {}): Promise<Receiver> {
  dimse.log.disableAll();
  const received: Received[] = [];
  const told = new EventEmitter();
  const sockets = new Set<Socket>();
  class Archive extends dimse.Scp {
    calling = '';
    private last: Pick<Received, 'transferSyntax' | 'dataSet'> | undefined;
    constructor(private readonly own: Socket) {
      super(own, {});
      this.on('networkError', () => own.destroy());
    }
    override associationRequested(asked: association.Association): void {
      this.calling = asked.getCallingAeTitle();
      if (asked.getCalledAeTitle() !== aeTitle) return this.sendAssociationReject(1, 1, 7);
      for (const { context } of asked.getPresentationContexts()) {
        const proposed = context.getTransferSyntaxUids();
        const syntax = syntaxes.find((uid) => proposed.includes(uid));
        const abstract = context.getAbstractSyntaxUid();
        if (abstract !== SopClass.Verification && !takes(abstract))
          context.setResult(Result.RejectAbstractSyntaxNotSupported);
        else if (syntax === undefined) context.setResult(Result.RejectTransferSyntaxesNotSupported);
        else context.setResult(Result.Accept, syntax);
      }
      this.sendAssociationAccept();
    }
    override associationReleaseRequested(): void {
      this.sendAssociationReleaseResponse();
    }
    override createDatasetFromStoreWritableStream(
      writable: Writable,
      context: association.PresentationContext,
      go: (dataset: dimse.Dataset) => void,
    ): void {
      const transferSyntax = context.getAcceptedTransferSyntaxUid()!;
      const bytes = (writable as Writable & { toBuffer(): Buffer }).toBuffer();
      this.last = { transferSyntax, dataSet: parse(bytes, transferSyntax) };
      go(undefined as unknown as dimse.Dataset);
    }
    override cStoreRequest(
      request: requests.CStoreRequest,
      respond: (response: responses.CStoreResponse) => void,
    ): void {
      received.push({
        calling: this.calling,
        sopInstanceUid: String(request.getAffectedSopInstanceUid()).replace(/\0/g, ''),
        ...this.last!,
      });
      const status = answer(received.length);
      told.emit('object');
      if (status === 'SILENT') return;
      if (status === 'BREAK') return void this.own.destroy();
      const response = dimse.responses.CStoreResponse.fromRequest(request);
      response.setStatus(status);
      if (status !== 0) response.setErrorComment('as the test wishes');
      respond(response);
    }
    override abort(): void {
      this.own.destroy();
    }
  }
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const scp = new Archive(socket);
    Object.assign(scp, { connected: true, connectedTime: Date.now() });
  });
  // Who forgets it is not kept from ending.
  server.unref();
  server.listen(port ?? (await freePort()), '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received,
    async until(count) {
      while (received.length < count) await once(told, 'object');
    },
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** A data set as a file holds it. */
function parse(bytes: Uint8Array, transferSyntax: string): DataSet {
  const uid = Buffer.from(transferSyntax.length % 2 === 0 ? transferSyntax : `${transferSyntax}\0`, 'latin1');
  const head = Buffer.from([0x02, 0x00, 0x10, 0x00, 0x55, 0x49, uid.length, 0x00]);
  return dicomParser.parseDicom(Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), head, uid, bytes]));
}
