import {
  type GraphQLFieldMap,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';

/** Endings that input types may have: what a mutation takes, what selects rows, what orders them. */
const INPUT_ENDINGS = /(Input|Filter|Order)$/;

/** Words of the implementation: classes of rows, and the scalars of the library behind ours. */
const LEAKED = /(Item|Node|Entity|Row|Enum)$|ISO$|^SafeInt$/;

/**
 * Where a schema breaks the conventions of docs/decisions/0032: everything is described, a mutation takes one input of its own and
 * gives back a payload of its own, and names are those of the field. `npm run generate` refuses to write a schema with such a fault.
 *
 * @returns one sentence for each fault
 */
export function conventionFaults(schema: GraphQLSchema): string[] {
  const types = Object.values(schema.getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  );
  return [...types.flatMap(undescribed), ...types.flatMap(misnamed), ...mutationFaults(schema)];
}

function undescribed(type: GraphQLNamedType): string[] {
  return describedParts(type)
    .filter(([, description]) => !description?.trim())
    .map(([place]) => `${place} has no description.`);
}

/** Everything of a type that has a description, by its place in the schema. */
function describedParts(type: GraphQLNamedType): [string, string | null | undefined][] {
  const own: [string, string | null | undefined] = [type.name, type.description];
  if (isEnumType(type)) return [own, ...type.getValues().map(partOf(type))];
  if (isInputObjectType(type)) return [own, ...Object.values(type.getFields()).map(partOf(type))];
  if (!isObjectType(type) && !isInterfaceType(type)) return [own];
  const fields = Object.values(type.getFields() as GraphQLFieldMap<unknown, unknown>);
  const args = fields.flatMap((field) =>
    field.args.map(({ name, description }): [string, string | null | undefined] => [
      `${type.name}.${field.name}(${name}:)`,
      description,
    ]),
  );
  return [own, ...fields.map(partOf(type)), ...args];
}

function partOf({ name: type }: GraphQLNamedType) {
  return ({
    name,
    description,
  }: {
    name: string;
    description?: string | null | undefined;
  }): [string, string | null | undefined] => [`${type}.${name}`, description];
}

function misnamed(type: GraphQLNamedType): string[] {
  // `Node` is the interface that clients know by this name.
  if (type.name !== 'Node' && LEAKED.test(type.name)) return [`${type.name} is a name of the implementation.`];
  if (isInputObjectType(type) && !INPUT_ENDINGS.test(type.name)) {
    return [`${type.name} is an input type, whose name ends in Input, Filter or Order.`];
  }
  return [];
}

function mutationFaults(schema: GraphQLSchema): string[] {
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
