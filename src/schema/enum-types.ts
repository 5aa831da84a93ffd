import { registerEnumType } from 'type-graphql';

/**
 * Registers an enum type.
 *
 * @param meanings what each value means, in the order of the API
 */
export function described<T extends string>(
  name: string,
  description: string,
  meanings: Record<T, string>,
): Record<T, T> {
  const entries = Object.entries<string>(meanings);
  const type = Object.fromEntries(entries.map(([value]) => [value, value])) as Record<T, T>;
  const valuesConfig = Object.fromEntries(entries.map(([value, meaning]) => [value, { description: meaning }]));
  registerEnumType(type, { name, description, valuesConfig: valuesConfig as object });
  return type;
}

/** Registers an enum type of values that another room lists: none of them may go without a meaning. */
export function choices<T extends string>(
  name: string,
  values: readonly T[],
  description: string,
  meanings: Record<T, string>,
): Record<T, T> {
  return described(
    name,
    description,
    Object.fromEntries(values.map((value) => [value, meanings[value]])) as Record<T, string>,
  );
}
