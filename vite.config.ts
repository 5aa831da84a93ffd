import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { buildSchema, isEnumType, isInputObjectType, isListType, isNonNullType } from 'graphql';
import type { GraphQLInputType, GraphQLSchema } from 'graphql';
import { defineConfig, type Plugin } from 'vite';
import { FEATURES } from './src/domain/features.js';
import { enumName, sentenceOf, variablesOf } from './src/domain/variables/index.js';

/** The web app and GraphiQL: web/ to dist/web, where `osteograph serve` finds them. */
export default defineConfig({
  root: 'web',
  plugins: [schemaLanguage(), variables(), gzipped()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    rolldownOptions: { input: ['web/index.html', 'web/graphiql.html'] },
    // /assets is where the API serves blobs.
    assetsDir: 'app',
    // Everything is a file of its own, so that the Content-Security-Policy needs no exception.
    assetsInlineLimit: 0,
    target: 'es2023',
    reportCompressedSize: false,
    chunkSizeWarningLimit: 4096,
    // What of others' work is in the bundle, with its licences; the bill of materials reads it.
    license: { fileName: 'licenses.json' },
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:4000', ws: true }, '/assets': 'http://127.0.0.1:4000' } },
});

/**
 * `virtual:schema-language`: the language of filters and orders, and every enum of schema.graphql as data, with their descriptions. A new filter
 * field is in the filter builder with the next build.
 */
function schemaLanguage(): Plugin {
  const id = 'virtual:schema-language';
  return {
    name: 'schema-language',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load(source) {
      if (source !== `\0${id}`) return undefined;
      const path = new URL('schema.graphql', import.meta.url);
      this.addWatchFile(path.pathname);
      const schema = buildSchema(readFileSync(path, 'utf8'));
      const { inputs, enums } = languageOf(schema, ['KneeExamFilter', 'KneeExamOrder', 'GenerationFilter']);
      return `export const inputs = ${JSON.stringify(inputs)};\nexport const enums = ${JSON.stringify(enums)};`;
    },
  };
}

/** `virtual:variables`: the dictionary of variables and the grades, for labels, ranges and columns. */
function variables(): Plugin {
  const id = 'virtual:variables';
  return {
    name: 'variables',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load(source) {
      if (source !== `\0${id}`) return undefined;
      const shown = variablesOf(null).map((variable) => ({
        code: variable.code,
        name: enumName(variable),
        label: variable.label,
        description: sentenceOf(variable).replace(/\.$/, ''),
        kind: variable.domain.kind,
        ...('min' in variable.domain ? { range: [variable.domain.min, variable.domain.max] } : {}),
        table: variable.table,
        group: variable.group,
        uses: variable.uses,
      }));
      const features = FEATURES.map(({ code, name, levels }) => ({ code, name, levels }));
      return `export const variables = ${JSON.stringify(shown)};\nexport const features = ${JSON.stringify(features)};`;
    },
  };
}

/** Input types reachable from `roots`, and all enums. */
function languageOf(schema: GraphQLSchema, roots: readonly string[]): { inputs: object; enums: object } {
  const inputs: Record<string, object> = {};
  const visit = (name: string) => {
    const type = schema.getType(name);
    if (name in inputs || !isInputObjectType(type)) return;
    const fields: Record<string, object> = {};
    inputs[name] = { fields };
    for (const field of Object.values(type.getFields())) {
      const { name: of, list } = unwrapped(field.type);
      fields[field.name] = {
        type: of,
        ...(list ? { list } : {}),
        ...(isNonNullType(field.type) && field.defaultValue === undefined ? { required: true } : {}),
        ...(field.defaultValue === undefined ? {} : { initial: field.defaultValue }),
        description: field.description ?? '',
      };
      visit(of);
    }
  };
  roots.forEach(visit);
  const enums = Object.values(schema.getTypeMap()).filter((type) => isEnumType(type) && !type.name.startsWith('__'));
  return {
    inputs,
    enums: Object.fromEntries(
      enums.map((type) => [
        type.name,
        isEnumType(type)
          ? type.getValues().map(({ name, description }) => ({ value: name, description: description ?? '' }))
          : [],
      ]),
    ),
  };
}

function unwrapped(type: GraphQLInputType): { name: string; list: boolean } {
  if (isNonNullType(type)) return unwrapped(type.ofType as GraphQLInputType);
  if (isListType(type)) return { name: unwrapped(type.ofType as GraphQLInputType).name, list: true };
  return { name: type.name, list: false };
}

/** A .gz beside every text file, for the server to hand out. */
function gzipped(): Plugin {
  return {
    name: 'gzipped',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const file of Object.values(bundle)) {
          if (!/\.(js|css|svg)$/.test(file.fileName)) continue;
          const source = gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 });
          this.emitFile({ type: 'asset', fileName: `${file.fileName}.gz`, source });
        }
      },
    },
  };
}
