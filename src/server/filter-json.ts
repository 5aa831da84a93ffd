import { filterAsJson, filterFromJson } from '../schema/filter-json.js';
import { platformSchema } from './schema.js';

const TYPE = 'KneeExamFilter';

/**
 * A filter of knee exams from JSON, as `where` takes it.
 *
 * @throws UserError BAD_USER_INPUT with the place and what is wrong with it.
 */
export async function parseExamFilter(json: unknown): Promise<object> {
  return filterFromJson(await platformSchema(), TYPE, json);
}

/** A stored filter of knee exams as `where` takes it. */
export async function writeExamFilter(filter: object): Promise<Record<string, unknown>> {
  return filterAsJson(await platformSchema(), TYPE, filter);
}
