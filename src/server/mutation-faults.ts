import type { GraphQLSchema } from 'graphql';

/**
 * Mutations that do not take one input of their own or do not give back a payload of their own: what no rule of the schema's linter
 * (eslint.schema.config.js) can say. `npm run generate` refuses to write a schema with such a fault.
 *
 * @returns one sentence for each fault
 */
export function mutationFaults(schema: GraphQLSchema): string[] {
  return Object.values(schema.getMutationType()?.getFields() ?? {}).flatMap(({ name, args, type }) => {
    const stem = name[0]!.toUpperCase() + name.slice(1);
    const [input, ...more] = args;
    const oneInput = input?.name === 'input' && more.length === 0 && String(input.type) === `${stem}Input!`;
    const payload = String(type) === `${stem}Payload!`;
    return [
      ...(oneInput ? [] : [`${name} does not take the one argument input: ${stem}Input!.`]),
      ...(payload ? [] : [`${name} does not give ${stem}Payload!.`]),
    ];
  });
}
