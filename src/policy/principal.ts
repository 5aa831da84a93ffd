import type { Role } from '../domain/roles.js';

/** Who is asking, by whatever way: HTTP, WebSocket, an asset's address, or the command line on the machine itself. */
export interface Principal {
  /** The token of the request; null for the command line. */
  tokenId: number | null;
  name: string;
  role: Role;
  /** The project whose data the token is confined to; null: there are no projects yet. */
  project: null;
}

/** Somebody with a token. */
export interface TokenPrincipal extends Principal {
  tokenId: number;
  /** Null: until it is revoked. */
  expiresAt: Date | null;
}

/** Whoever has the machine may do everything. */
export const COMMAND_LINE: Principal = { tokenId: null, name: 'command line', role: 'ADMIN', project: null };
