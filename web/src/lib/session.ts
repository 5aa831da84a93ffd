import { OsteographError } from '../../../clients/typescript/src/index.ts';
import { renewed } from './provider.ts';

/** Somebody who has signed in at the identity provider. */
export interface Person {
  /** Of one sign-in, over all its tokens. */
  session: string;
  /** Where they have signed in. */
  issuer: string;
  accessToken: string;
  refreshToken?: string;
  idToken?: string;
  /** From when on there had better be another token, and when this one ends; milliseconds since 1970. */
  renewAt: number;
  endsAt: number;
}

/** Who is here: a token that somebody gave, or somebody who has signed in. */
export type Kept = { token: string } | { person: Person };

const TOKEN = 'osteograph:token';
const PERSON = 'osteograph:person';

/** What was kept; the address of the first start (`/?token=...`) goes before it and loses its token. */
export function takeKept(): Kept | null {
  const url = new URL(location.href);
  const given = url.searchParams.get('token');
  if (given) {
    keep({ token: given });
    url.searchParams.delete('token');
    history.replaceState(null, '', url.pathname + url.search + url.hash);
  }
  const token = localStorage.getItem(TOKEN);
  if (token !== null) return { token };
  const person = keptPerson();
  return person ? { person } : null;
}

/** Kept in this browser, in place of whoever was there, until somebody signs out; GraphiQL finds it there too. */
export function keep(kept: Kept): void {
  localStorage.removeItem(TOKEN);
  localStorage.removeItem(PERSON);
  if ('token' in kept) localStorage.setItem(TOKEN, kept.token);
  else localStorage.setItem(PERSON, JSON.stringify(kept.person));
}

/** What another window has kept in its place stays. */
export function forget(kept: Kept): void {
  if ('person' in kept) {
    if (ownPerson(kept.person)) localStorage.removeItem(PERSON);
  } else if (localStorage.getItem(TOKEN) === kept.token) localStorage.removeItem(TOKEN);
}

/** Somebody has to sign in again. */
export class SignInEnded extends OsteographError {
  constructor(reason: string) {
    super('UNAUTHENTICATED', reason);
  }
}

/**
 * The token that is good now. Of all windows of this browser one renews it: a refresh token is good once.
 *
 * @throws SignInEnded
 */
export async function currentToken(kept: Kept): Promise<string> {
  if ('token' in kept) return kept.token;
  const person = ownPerson(kept.person);
  if (person && Date.now() < person.renewAt) return person.accessToken;
  return navigator.locks.request('osteograph:renewal', async () => {
    const before = ownPerson(kept.person);
    if (!before) throw new SignInEnded(LEFT_ELSEWHERE);
    if (Date.now() < before.renewAt) return before.accessToken;
    const after = await renewed(before).catch((error: unknown) => {
      if (Date.now() < before.endsAt) return before;
      throw error;
    });
    if (!ownPerson(kept.person)) throw new SignInEnded(LEFT_ELSEWHERE);
    if (after && after !== before) keep({ person: after });
    if (after) return after.accessToken;
    if (Date.now() < before.endsAt) return before.accessToken;
    throw new SignInEnded('Your sign-in has ended; sign in again.');
  });
}

const LEFT_ELSEWHERE = 'You have signed out in another window, or somebody has signed in there.';

/** When the token of whoever is here had better be renewed; undefined for a token that somebody gave, and where nothing renews it. */
export function renewalTime(): number | undefined {
  const person = keptPerson();
  return person?.refreshToken === undefined ? undefined : person.renewAt;
}

/** With their newest tokens; undefined where the browser has nobody any more, or somebody else. */
function ownPerson({ session }: Person): Person | undefined {
  const person = keptPerson();
  return person?.session === session ? person : undefined;
}

function keptPerson(): Person | undefined {
  const text = localStorage.getItem(PERSON);
  return text === null ? undefined : (JSON.parse(text) as Person);
}
