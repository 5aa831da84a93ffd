import graphql from '@graphql-eslint/eslint-plugin';

/**
 * Rules of the API's schema (docs/decisions/0065). They are those that the plugin recommends, those of Relay, and what we call things;
 * below are the exceptions, each with its reason. That a mutation gives back a payload of its own name is checked when the schema is written.
 */
export default [
  {
    files: ['**/*.graphql'],
    plugins: { '@graphql-eslint': graphql },
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: 'schema.graphql' } } },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      '@graphql-eslint/require-deprecation-date': 'error',
      '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
      '@graphql-eslint/require-description': [
        'error',
        {
          ...{ types: true, rootField: true, FieldDefinition: true, InputValueDefinition: true },
          ...{ EnumValueDefinition: true, DirectiveDefinition: true },
        },
      ],
      '@graphql-eslint/naming-convention': [
        'error',
        {
          types: 'PascalCase',
          FieldDefinition: 'camelCase',
          EnumValueDefinition: 'UPPER_CASE',
          'FieldDefinition[parent.name.value=Query]': {
            forbiddenPrefixes: ['query', 'get'],
            forbiddenSuffixes: ['Query'],
          },
          'FieldDefinition[parent.name.value=Mutation]': { forbiddenSuffixes: ['Mutation'] },
          'FieldDefinition[parent.name.value=Subscription]': { forbiddenSuffixes: ['Subscription'] },
          // What an input type is for can be told by its name.
          InputObjectTypeDefinition: { requiredSuffixes: ['Input', 'Filter', 'Order'] },
          // Names of classes, rows and the scalars of the library behind ours.
          ObjectTypeDefinition: { forbiddenSuffixes: ['Type', 'Item', 'Node', 'Entity', 'Row'] },
          EnumTypeDefinition: { forbiddenSuffixes: ['Enum'] },
          ScalarTypeDefinition: { forbiddenPatterns: [/ISO$/, /^SafeInt$/] },
          // Exception: the grades of OAI's readings are fields of filters under the names that the release gives them.
          InputValueDefinition: { style: 'camelCase', ignorePattern: '^XR[A-Z]+$' },
        },
      ],
      // Exception: most types are values of their parents and have no identity; those that have one implement Node.
      '@graphql-eslint/strict-id-in-types': 'off',
      // Exceptions: a grade has a grade, as every paper says; short lists, bounded by what a knee can have, are plain lists; members,
      // versions, scores, pairs and variables are parts of their lists, found by no id.
      '@graphql-eslint/no-typename-prefix': 'off',
      '@graphql-eslint/relay-edge-types': [
        'error',
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
    },
  },
];
