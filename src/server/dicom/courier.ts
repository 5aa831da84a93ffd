import type { Courier } from '../../services/sendings/index.js';
import { storeOnPacs } from './store.js';
import type { CallingTls } from './tls.js';

/** How long a peer may be silent: an archive may take its time to answer for a large object, ms. */
const PATIENCE_MS = 60_000;

/** Brings objects to peers by C-STORE. @param tls for peers that are spoken to over TLS */
export function courierOf(tls: CallingTls): Courier {
  return (peer, objects, hooks) => {
    const calling = { aeTitle: peer.callingAeTitle, patienceMs: PATIENCE_MS, ...(peer.tls ? { tls } : {}) };
    return storeOnPacs(peer, calling, objects, hooks);
  };
}
