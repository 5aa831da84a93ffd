import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import dimse from 'dcmjs-dimse';
import type { association, requests, responses } from 'dcmjs-dimse';
import type { Logger } from 'pino';
import { uidOrNull } from '../../imaging/dicom/uid.js';
import { transferSyntax } from '../../imaging/dicom/transfer-syntaxes.js';
import { type Failure, FAILURES } from '../../services/arrivals/index.js';
import type { Intake } from './intake.js';
import type { PduGuard } from './pdu-guard.js';
import { ReceivedFile } from './received-file.js';
import { STORAGE_CLASSES } from './storage-classes.js';

const {
  PresentationContextResult: Result,
  RejectReason,
  RejectResult,
  RejectSource,
  SopClass,
  Status,
} = dimse.constants;

/** What an association is served with. */
export interface Served {
  /** By which we are called. */
  aeTitle: string;
  mayCall: (callingAeTitle: string) => boolean;
  intake: Intake;
  guard: PduGuard;
  logger: Logger;
  /** Time between two PDUs, ms. */
  idleMs: number;
}

/** One connection that may become an association: C-ECHO and C-STORE (PS3.4, annexes A and B), and nothing else. */
export class StorageScp extends dimse.Scp {
  /** Who calls; empty before an association. */
  caller = '';
  #file: ReceivedFile | undefined;

  constructor(
    private readonly connection: Socket,
    private readonly served: Served,
  ) {
    const { idleMs } = served;
    super(connection, { connectTimeout: idleMs, associationTimeout: idleMs, pduTimeout: idleMs });
    // The library leaves it to its own server, which is not used.
    (this as { connected?: boolean }).connected = true;
    (this as { connectedTime?: number }).connectedTime = Date.now();
    this.on('networkError', () => connection.destroy());
    connection.on('close', () => this.#file?.discard());
  }

  /** Ends the association from our side. */
  giveUp(): void {
    this.sendAbort(dimse.constants.AbortSource.ServiceProvider, dimse.constants.AbortReason.NotSpecified);
    this.connection.destroySoon();
  }

  override associationRequested(asked: association.Association): void {
    const { aeTitle, mayCall, logger } = this.served;
    const [calling, called] = [asked.getCallingAeTitle().trim(), asked.getCalledAeTitle().trim()];
    const refuse = (reason: number, why: string) => {
      logger.warn({ calling, called, address: this.connection.remoteAddress, why }, 'an association was refused');
      this.sendAssociationReject(RejectResult.Permanent, RejectSource.ServiceUser, reason);
    };
    if (called !== aeTitle) return refuse(RejectReason.CalledAeNotRecognized, 'called AE title');
    if (!mayCall(calling)) return refuse(RejectReason.CallingAeNotRecognized, 'calling AE title');
    this.caller = calling;
    for (const { context } of asked.getPresentationContexts()) {
      const abstract = context.getAbstractSyntaxUid();
      const known = abstract === SopClass.Verification || STORAGE_CLASSES.includes(abstract);
      const syntax = context.getTransferSyntaxUids().find((uid) => transferSyntax(uid) !== undefined);
      if (!known) context.setResult(Result.RejectAbstractSyntaxNotSupported);
      else if (syntax === undefined) context.setResult(Result.RejectTransferSyntaxesNotSupported);
      else context.setResult(Result.Accept, syntax);
    }
    logger.info({ calling, address: this.connection.remoteAddress }, 'an association was accepted');
    this.sendAssociationAccept();
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse();
    this.connection.end();
  }

  override abort(): void {
    this.connection.destroy();
  }

  override cEchoRequest(request: requests.CEchoRequest, answer: (response: responses.CEchoResponse) => void): void {
    const response = dimse.responses.CEchoResponse.fromRequest(request);
    response.setStatus(Status.Success);
    this.served.guard.answered();
    answer(response);
  }

  override createStoreWritableStream(
    context: association.PresentationContext,
    request: requests.CStoreRequest,
  ): Writable {
    const { intake, guard } = this.served;
    this.#file?.discard();
    guard.storing = true;
    // What is no UID is refused by whoever reads the file.
    const uid = (text: string | undefined) => uidOrNull(text?.replace(/\0/g, '').trim()) ?? '';
    return (this.#file = new ReceivedFile(intake.newPath(), {
      sopClassUid: uid(request.getAffectedSopClassUid()),
      sopInstanceUid: uid(request.getAffectedSopInstanceUid()),
      transferSyntax: context.getAcceptedTransferSyntaxUid() ?? '',
    }));
  }

  override createDatasetFromStoreWritableStream(
    _writable: Writable,
    _context: association.PresentationContext,
    go: (dataset: dimse.Dataset) => void,
  ): void {
    const { guard } = this.served;
    this.#file?.close();
    guard.storing = false;
    guard.answered();
    // The data set stays in its file.
    go(undefined as unknown as dimse.Dataset);
  }

  override cStoreRequest(request: requests.CStoreRequest, answer: (response: responses.CStoreResponse) => void): void {
    const file = this.#file;
    this.#file = undefined;
    void this.#store(file).then((failure) => {
      const response = dimse.responses.CStoreResponse.fromRequest(request);
      response.setStatus(failure?.code ?? Status.Success);
      if (failure) response.setErrorComment(commentOf(failure));
      if (!this.connection.destroyed) answer(response);
    });
  }

  async #store(file: ReceivedFile | undefined): Promise<Failure | null> {
    const { intake, logger } = this.served;
    if (!file) return { code: FAILURES.NOT_UNDERSTOOD, message: 'The request has no data set.' };
    if (file.fault !== null) {
      file.discard();
      return { code: FAILURES.OUT_OF_RESOURCES, message: file.fault };
    }
    try {
      return await intake.take(file.path, `DICOM: ${this.caller}`);
    } catch (error) {
      logger.error({ err: error, calling: this.caller }, 'a DICOM object could not be taken in');
      return { code: FAILURES.PROCESSING, message: 'Something went wrong here; the log says what.' };
    }
  }
}

/** Error Comment (0000,0902) has 64 characters of the default repertoire. */
function commentOf({ message }: Failure): string {
  return message.replace(/[^\x20-\x5b\x5d-\x7e]/g, "'").slice(0, 64);
}
