/** What kind of fault a {@link UserError} is; becomes `extensions.code` over GraphQL and the exit code on the command line. */
export type UserErrorCode =
  | 'BAD_USER_INPUT'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'LIMIT_EXCEEDED'
  | 'RATE_LIMITED'
  | 'BUNDLE_REFUSED'
  | 'FILE_REFUSED'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'NOT_ACCEPTABLE'
  | 'UNAVAILABLE';

/**
 * A fault the person at the other end can do something about. Its message is one clear sentence: what was wrong, where, and
 * what is accepted. Every other error is a fault of ours: logged whole, shown masked.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** The figures of the message for programs; they stand beside the code in `extensions`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    readonly code: UserErrorCode,
    message: string,
    options: ErrorOptions & { details?: Record<string, unknown> } = {},
  ) {
    super(message, options);
    this.details = options.details ?? {};
  }
}
