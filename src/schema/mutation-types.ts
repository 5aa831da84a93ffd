import { Field, ID, ObjectType } from 'type-graphql';
import type { ClassType } from 'type-graphql';
import { inputType } from './operators.js';
import type { TypeThunk } from './operators.js';

/**
 * Declares `<Mutation>Payload`, what a mutation gives back. A payload can grow: a second thing to tell of is one more field, and no
 * client breaks.
 *
 * @param mutation name of the mutation, e.g. `cancelBatch`
 * @param fields type and description of each field, which is named after the thing it holds; none is ever null
 */
export function payloadType<T extends object>(
  mutation: string,
  fields: { [K in keyof T]: [TypeThunk, string] },
): ClassType<T> {
  class Payload {}
  ObjectType(typeName(mutation, 'Payload'), {
    simpleResolvers: true,
    description: `What \`${mutation}\` gives back.`,
  })(Payload);
  for (const [field, [type, description]] of Object.entries<[TypeThunk, string]>(fields)) {
    Field(type, { description })(Payload.prototype, field);
  }
  return Payload as ClassType<T>;
}

/** Declares `<Mutation>Input` of a mutation that is told nothing but the fields given here, all of them required. */
export function mutationInput<T extends object>(
  mutation: string,
  fields: { [K in keyof T]: [TypeThunk, string] },
): ClassType<T> {
  const required = Object.entries<[TypeThunk, string]>(fields).map(([field, [type, description]]) => {
    return [field, { type, description, required: true }];
  });
  const name = typeName(mutation, 'Input');
  return inputType(name, `What \`${mutation}\` takes.`, Object.fromEntries(required)) as ClassType<T>;
}

/** Input of a mutation that is told nothing but what it is about. */
export interface IdInput {
  id: string;
}

/** Declares `<Mutation>Input` of a mutation that is told nothing but the id of a thing. */
export function idInput(mutation: string, thing: string): ClassType<IdInput> {
  return mutationInput<IdInput>(mutation, { id: [() => ID, `Node id of the ${thing}.`] });
}

function typeName(mutation: string, kind: 'Input' | 'Payload'): string {
  return `${mutation[0]!.toUpperCase()}${mutation.slice(1)}${kind}`;
}
