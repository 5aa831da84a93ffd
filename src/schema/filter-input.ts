import { countOperators, inputType } from './operators.js';
import type { InputClass, InputField, TypeThunk } from './operators.js';

/** Type of a filter's field, or a thunk where types refer to one another. */
export type FieldType = InputClass | (() => InputClass | BooleanConstructor | [InputClass]);

/** An input type with the given fields and `and`, `or`, `not` of itself. */
export function filterInput(
  name: string,
  description: string,
  self: () => InputClass,
  fields: Record<string, [FieldType, string]>,
): InputClass {
  return inputType(
    name,
    `${description} All conditions given must hold; a comparison with a missing value never does.`,
    combined(self, fields),
  );
}

/** The given fields, and `and`, `or`, `not` of a filter. */
export function combined(
  self: () => InputClass,
  fields: Record<string, [FieldType, string]>,
): Record<string, InputField> {
  const own = Object.entries(fields).map(([field, [type, meaning]]): [string, InputField] => {
    const thunk = (isClass(type) ? () => type : type) as TypeThunk;
    return [field, { type: thunk, description: meaning }];
  });
  return {
    ...Object.fromEntries(own),
    and: { type: () => [self()], description: 'Each of these must hold.' },
    or: { type: () => [self()], description: 'At least one of these must hold.' },
    not: { type: self as TypeThunk, description: 'This must not hold: the exact complement.' },
  };
}

/** Conditions on related rows. */
export function listFilter(name: string, filter: InputClass): InputClass {
  const count = inputType(name.replace('ListFilter', 'CountFilter'), 'How many of the related rows there are.', {
    where: { type: () => filter, description: 'Which rows count; default: all.' },
    ...countOperators(),
  });
  return inputType(name, 'Conditions on related rows.', {
    some: { type: () => filter, description: 'At least one row fits.' },
    none: { type: () => filter, description: 'No row fits.' },
    every: { type: () => filter, description: 'No row fails to fit; true when there are none.' },
    exists: { type: () => Boolean, description: 'Whether there is any row at all.' },
    count: { type: () => count, description: 'How many rows fit.' },
  });
}

function isClass(type: FieldType): type is InputClass {
  return type.toString().startsWith('class');
}
