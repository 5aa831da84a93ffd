/** What kind of fault a {@link UserError} is; becomes `extensions.code` over GraphQL and the exit code on the command line. */
export type UserErrorCode =
  | 'BAD_USER_INPUT'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'LIMIT_EXCEEDED'
  | 'BUNDLE_REFUSED'
  | 'FILE_REFUSED'
  | 'UNAVAILABLE';

/**
 * A fault the person at the other end can do something about. Its message is one clear sentence: what was wrong, where, and
 * what is accepted. Every other error is a fault of ours: logged whole, shown masked.
 */
export class UserError extends Error {
  override readonly name = 'UserError';

  constructor(
    readonly code: UserErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
