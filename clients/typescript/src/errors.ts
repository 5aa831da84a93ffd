interface ErrorOptions {
  cause?: unknown;
  status?: number | undefined;
}

/** What the server refuses, or that it cannot be reached. The message is a sentence for people. */
export class OsteographError extends Error {
  override readonly name = 'OsteographError';
  /** `extensions.code` of the API's first error, e.g. NOT_FOUND; NETWORK where no answer of the API came. */
  readonly code: string;
  /** HTTP status of the answer, where one came. */
  readonly status: number | undefined;

  constructor(code: string, message: string, { cause, status }: ErrorOptions = {}) {
    super(message, { cause });
    this.code = code;
    this.status = status;
  }
}

/** An error as GraphQL writes it. */
export interface Fault {
  message: string;
  extensions?: { code?: unknown };
}

export const UNKNOWN_TOKEN = 'The server does not know this token, or it has expired.';
const NO_ANSWER = 'The server does not answer. It may be restarting; check the connection and try again.';

/** The first of the errors of an answer. */
export function refusalIn([fault]: readonly Fault[], status?: number): OsteographError {
  const code = fault?.extensions?.code;
  return new OsteographError(
    typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR',
    fault?.message ?? 'The server refuses without a reason.',
    { status },
  );
}

/** What an answer that is no success says: the API's own sentence, or a proxy's status. */
export async function refusalOf(response: Response): Promise<OsteographError> {
  const { status } = response;
  const body = (await response.json().catch(() => null)) as { errors?: Fault[] } | null;
  if (body?.errors?.length) return refusalIn(body.errors, status);
  if (status === 401) return new OsteographError('UNAUTHENTICATED', UNKNOWN_TOKEN, { status });
  return new OsteographError('NETWORK', `The server answered with ${status}.`, { status });
}

export function noAnswer(cause: unknown): OsteographError {
  return new OsteographError('NETWORK', NO_ANSWER, { cause });
}
