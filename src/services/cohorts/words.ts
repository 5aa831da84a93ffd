import { UserError } from '../../domain/errors.js';

const LONGEST_NAME = 200;
const LONGEST_TEXT = 10_000;

/** @throws UserError BAD_USER_INPUT for an empty or long name. */
export function checkName(name: string, field = 'name'): string {
  const text = name.trim().toWellFormed();
  if (text.length < 1 || text.length > LONGEST_NAME || text.includes('\0')) {
    throw new UserError('BAD_USER_INPUT', `${field} must have between 1 and ${LONGEST_NAME} characters.`);
  }
  return text;
}

/** @throws UserError BAD_USER_INPUT for a text that is too long. */
export function checkText(value: string, field: string): string {
  const text = value.trim().toWellFormed();
  if (text.length > LONGEST_TEXT || text.includes('\0')) {
    throw new UserError('BAD_USER_INPUT', `${field} must have at most ${LONGEST_TEXT} characters.`);
  }
  return text;
}
