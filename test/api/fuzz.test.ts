import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import type {
  GraphQLField,
  GraphQLInputType,
  GraphQLInterfaceType,
  GraphQLNamedType,
  GraphQLObjectType,
  GraphQLSchema,
} from 'graphql';
import { packageRoot } from '../../src/domain/package.js';
import { Random } from '../../src/oai/synthetic/random.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

const QUERIES = 300;
/** What a caller may be told; anything else is a fault of ours. */
const REFUSALS = [
  'BAD_USER_INPUT',
  'LIMIT_EXCEEDED',
  'NOT_FOUND',
  'FORBIDDEN',
  'CONFLICT',
  'GRAPHQL_VALIDATION_FAILED',
];
const TEXTS = [
  '',
  'x',
  'V00',
  '1000001',
  '%_\\',
  "' OR 1=1 --",
  '\u0000',
  '💀'.repeat(40),
  'S25lZUV4YW06MQ',
  '2004-02-30',
];
const NUMBERS = [0, 1, -1, 4, 1.4, 25, 201, 1e9, -(2 ** 31), 2 ** 31, 1e300];

let api: TestServer;
let schema: GraphQLSchema;

beforeAll(async () => {
  schema = buildSchema(await readFile(join(packageRoot, 'schema.graphql'), 'utf8'));
  api = await startTestServer();
  for (let i = 0; i < 3; i++) {
    const visit = await api.make.visit(await api.make.participant());
    await api.make.exam(visit, { grades: { XRKL: i } });
  }
});

afterAll(() => api.close());

test.each(['READER', 'SUMMARY'] as const)(
  'generated queries of a %s get an answer or a refusal, never a fault',
  async (role) => {
    const codes = new Map<string, number>();
    for (let index = 0; index < QUERIES; index++) {
      const query = new Writer(new Random('fuzz', role, index)).query();
      const { data, errors } = await api.ask(query, {}, api.tokens[role]);
      for (const { message, extensions } of errors ?? []) {
        if (!REFUSALS.includes(extensions.code)) throw new Error(`${message} (${extensions.code}) for ${query}`);
        codes.set(extensions.code, (codes.get(extensions.code) ?? 0) + 1);
      }
      // What variables there are is told to everybody; no record is.
      const told = Object.entries(data ?? {}).filter(([field]) => field !== 'variables');
      if (role === 'SUMMARY') expect(JSON.stringify(told)).not.toMatch(/"(oaiId|barcode|nodes)":["[{]/);
      if (!errors) codes.set('answered', (codes.get('answered') ?? 0) + 1);
    }
    // The generator is worth something only if it gets past validation.
    const atLeast = role === 'READER' ? { answered: 30, BAD_USER_INPUT: 30 } : { answered: 3, FORBIDDEN: 100 };
    for (const [code, count] of Object.entries(atLeast)) {
      expect(codes.get(code)).toBeGreaterThanOrEqual(count);
    }
  },
);

type Composite = GraphQLObjectType | GraphQLInterfaceType;

function isComposite(type: GraphQLNamedType): type is Composite {
  return isObjectType(type) || isInterfaceType(type);
}

/** Writes queries that fit the schema's shapes, with values that may not. */
class Writer {
  constructor(private readonly random: Random) {}

  query(): string {
    return `{ ${this.field(this.pick(Object.values(schema.getQueryType()!.getFields())), 0)} }`;
  }

  private field({ name, args, type }: GraphQLField<unknown, unknown>, depth: number): string {
    const given = args
      .filter((arg) => isNonNullType(arg.type) || this.random.chance(depth === 0 ? 0.7 : 0.3))
      .map((arg) => `${arg.name}: ${this.value(arg.type, 0)}`);
    const inner = getNamedType(type);
    const selection = isComposite(inner) ? this.selection(inner, depth + 1) : '';
    return `${name}${given.length ? `(${given.join(', ')})` : ''}${selection}`;
  }

  private selection(type: Composite, depth: number): string {
    const fields = Object.values(type.getFields()).filter((field) => {
      const inner = getNamedType(field.type);
      return isLeafType(inner) || (depth < 5 && isComposite(inner));
    });
    const chosen = fields.filter(({ name }) => this.random.chance(name === 'nodes' ? 0.8 : 0.25));
    return ` { __typename ${chosen.map((field) => this.field(field, depth)).join(' ')} }`;
  }

  private value(type: GraphQLInputType, depth: number): string {
    if (isNonNullType(type)) return this.value(type.ofType, depth);
    if (isListType(type)) {
      return `[${Array.from({ length: this.random.integer(4) }, () => this.value(type.ofType, depth)).join(', ')}]`;
    }
    if (isEnumType(type)) return this.pick(type.getValues()).name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields());
      const chosen = fields.filter(
        (field) => isNonNullType(field.type) || (depth < 5 && this.random.chance(2 / fields.length)),
      );
      return `{ ${chosen.map((field) => `${field.name}: ${this.value(field.type, depth + 1)}`).join(', ')} }`;
    }
    if (type.name === 'Int')
      return String(this.pick(NUMBERS.filter((n) => Number.isInteger(n) && Math.abs(n) < 2 ** 31)));
    if (type.name === 'Float') return String(this.pick(NUMBERS));
    if (type.name === 'Boolean') return String(this.random.chance(0.5));
    return JSON.stringify(this.pick(TEXTS));
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.random.integer(items.length)]!;
  }
}
