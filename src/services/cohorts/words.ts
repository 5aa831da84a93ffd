import { UserError } from '../../domain/errors.js';

const MAX_NAME_LENGTH = 200;
const MAX_TEXT_LENGTH = 10_000;

/** @throws UserError BAD_USER_INPUT for an empty or long name. */
export function checkName(name: string, field = 'name'): string {
  const text = name.trim().toWellFormed();
  if (text.length < 1 || text.length > MAX_NAME_LENGTH || text.includes('\0')) {
    throw new UserError('BAD_USER_INPUT', `${field} must have between 1 and ${MAX_NAME_LENGTH} characters.`);
  }
  return text;
}

/** @throws UserError BAD_USER_INPUT for a text that is too long. */
export function checkText(value: string, field: string): string {
  const text = value.trim().toWellFormed();
  if (text.length > MAX_TEXT_LENGTH || text.includes('\0')) {
    throw new UserError('BAD_USER_INPUT', `${field} must have at most ${MAX_TEXT_LENGTH} characters.`);
  }
  return text;
}
