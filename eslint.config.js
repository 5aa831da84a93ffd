import js from '@eslint/js';
import boundaries from 'eslint-plugin-boundaries';
import tseslint from 'typescript-eslint';

/**
 * Who may import whom inside src/: the rule of docs/architecture.md. Dependencies point down only.
 * A layer may always import itself and domain/.
 */
const LAYERS = {
  domain: [],
  policy: [],
  entities: [],
  metrics: [],
  inference: ['metrics'],
  imaging: ['inference', 'metrics'],
  storage: ['entities'],
  oai: ['imaging', 'inference', 'metrics'],
  work: ['storage', 'entities', 'inference', 'metrics'],
  scheduling: ['work', 'storage', 'entities', 'inference', 'metrics'],
  loaders: ['entities'],
  schema: ['entities', 'inference', 'metrics'],
  services: ['scheduling', 'work', 'oai', 'imaging', 'storage', 'entities', 'inference', 'metrics', 'policy'],
  resolvers: [
    ...['schema', 'services', 'loaders', 'scheduling', 'work', 'policy'],
    ...['storage', 'entities', 'inference', 'metrics'],
  ],
  server: [
    ...['resolvers', 'schema', 'services', 'loaders', 'scheduling', 'work', 'policy'],
    ...['oai', 'imaging', 'storage', 'entities', 'inference', 'metrics'],
  ],
  cli: [
    ...['server', 'services', 'scheduling', 'work', 'policy'],
    ...['oai', 'imaging', 'storage', 'entities', 'inference', 'metrics'],
  ],
};

export default tseslint.config(
  {
    ignores: [
      'dist',
      'node_modules',
      'training',
      'models',
      'coverage',
      '.cache',
      'test/golden',
      'examples/python',
      'clients/python',
      'clients/typescript/dist',
      'clients/typescript/src/graphql-env.d.ts',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    plugins: { boundaries },
    settings: {
      'import/resolver': { typescript: { project: './tsconfig.json' } },
      'boundaries/elements': Object.keys(LAYERS).map((type) => ({ type, pattern: `src/${type}` })),
    },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Name every export.' },
        {
          selector: 'TSEnumDeclaration',
          message: 'Use a union of strings: const enums do not survive isolated modules.',
        },
      ],
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: Object.entries(LAYERS).map(([from, to]) => ({
            from: { element: { type: from } },
            allow: { to: { element: { type: [...to, from, 'domain'] } } },
          })),
        },
      ],
    },
  },
  {
    // The native runtime has one door, so that its traps are dealt with once.
    files: ['src/**/*.ts'],
    ignores: ['src/inference/backend.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: ['onnxruntime-node'] }] },
  },
  {
    // A room is entered by its door. Three have none, being shelves of definitions or pure functions: domain, schema, imaging.
    files: ['src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex:
                '^(\\.\\./)+(entities|inference|loaders|metrics|policy|scheduling|storage|work)/(?!([^/]+/)?index\\.js$)',
              message: "Import a room's index.",
            },
            {
              regex:
                '^(\\.\\./)+(access|aggregates|backups|batches|bundles|cohorts|dicomweb|evaluations|exports|film-readings|files|filters|generations|' +
                'imports|paging|reader-studies|reports|retention|series|uploads)/(?!index\\.js$)',
              message: "Import a room's index.",
            },
            {
              regex: '^(\\.\\./)+services/[^/]+(\\.js$|/(?!index\\.js$))',
              message: "Import a room's index.",
            },
          ],
        },
      ],
    },
  },
  {
    // The web app is a client of the public API: what it needs of the server's vocabulary comes through vite.config.ts.
    files: ['web/src/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '(^|/)\\.\\./src/', message: 'The web app imports nothing of the server.' },
            { regex: 'clients/typescript/src/(?!index\\.ts$)', message: "Import the client's index." },
          ],
        },
      ],
    },
  },
  {
    // The client is a package of its own: it has what it declares, and nothing of the server or the app.
    files: ['clients/typescript/src/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ regex: '^\\.\\./', message: 'The client imports its own.' }] }],
    },
  },
  {
    files: ['*.config.{js,ts}', 'scripts/*.js', 'test/helpers/*.js', 'clients/typescript/*.js'],
    rules: { 'no-restricted-syntax': 'off' },
    languageOptions: { globals: { process: 'readonly', console: 'readonly', globalThis: 'readonly', URL: 'readonly' } },
  },
);
