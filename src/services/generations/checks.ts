import { PRIORITY_RANGE, SINGLE_PRIORITY } from '../../domain/batches.js';
import { UserError } from '../../domain/errors.js';
import { MIN_BOX, type SquareBox } from '../../domain/knee-box.js';
import type { TargetRequest } from './request.js';

export const MAX_SEED = 2 ** 31 - 1;

const MAX_KEY_LENGTH = 200;

/** What requests for one generation of any task say of it. */
interface SingleRequest {
  priority?: number | null | undefined;
  clientKey?: string | null | undefined;
}

/** Checks what is said of the film and the knee that are meant. @throws UserError BAD_USER_INPUT */
export function checkTarget({ examId, radiographId, uploadId, box }: TargetRequest): void {
  if (examId == null && radiographId == null && uploadId == null) {
    refuse('One of examId, radiographId and uploadId must say which radiograph is meant.');
  }
  if (uploadId != null && (examId != null || radiographId != null)) {
    refuse('An uploaded radiograph belongs to no exam; give uploadId alone.');
  }
  if (box != null) checkBox(box);
}

/** Checks the caller's own key. @throws UserError BAD_USER_INPUT */
export function checkClientKey(clientKey: string | null | undefined): void {
  if (clientKey == null) return;
  const isPlain = clientKey.isWellFormed() && !clientKey.includes('\0');
  if (clientKey.length < 1 || clientKey.length > MAX_KEY_LENGTH || !isPlain) {
    refuse(`clientKey must have between 1 and ${MAX_KEY_LENGTH} characters.`);
  }
}

/** Checks the turn and the key of a request for one generation. @throws UserError BAD_USER_INPUT */
export function checkTurn({ priority, clientKey }: SingleRequest): void {
  checkWhole('priority', priority, { ...PRIORITY_RANGE, max: SINGLE_PRIORITY });
  checkClientKey(clientKey);
}

/** @throws UserError BAD_USER_INPUT */
export function checkWhole(
  name: string,
  value: number | null | undefined,
  { min, max }: { min: number; max: number },
): void {
  if (value == null || (Number.isInteger(value) && value >= min && value <= max)) return;
  refuse(`${name} is ${value}; it must be a whole number from ${min} to ${max}.`);
}

/** @throws UserError BAD_USER_INPUT */
export function checkOneOf(name: string, value: string | null | undefined, accepted: readonly string[]): void {
  if (value != null && !accepted.includes(value)) refuse(`${name} is '${value}'; accepted: ${accepted.join(', ')}.`);
}

/** @throws UserError BAD_USER_INPUT */
export function refuse(sentence: string): never {
  throw new UserError('BAD_USER_INPUT', sentence);
}

function checkBox({ left, top, side }: SquareBox): void {
  if (![left, top, side].every(Number.isFinite) || side < MIN_BOX) {
    refuse(`box is ${left},${top} of side ${side}; its side must be at least ${MIN_BOX} film pixels.`);
  }
}
