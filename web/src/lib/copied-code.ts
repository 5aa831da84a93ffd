import { type DocumentNode, parseValue, print, type TypeNode } from '@0no-co/graphql.web';
import { printLiteral } from './filters.ts';

/** What a view asked the API. */
export interface Asked {
  document: object;
  variables?: Readonly<Record<string, unknown>>;
  /** What the Python client has a verb for; without one, it runs the query. */
  verb?: Verb;
}

/** Knee exams of a filter, or of a cohort by its id, or a generation by its id. */
export type Verb = { where: unknown } | { cohort: string } | { generation: string };

/** What a view can be copied as. */
export const LANGUAGES = ['GraphQL', 'Python', 'R', 'TypeScript', 'curl'] as const;
export type Language = (typeof LANGUAGES)[number];

/**
 * A program, or a query, that asks the same of the same server and runs as it is. It holds no token: programs read OSTEOGRAPH_TOKEN.
 *
 * @param origin of the server, e.g. http://127.0.0.1:4000
 */
export function codeOf(language: Language, asked: Asked, origin: string): string {
  return WRITERS[language](asked, origin);
}

const WRITERS: Readonly<Record<Language, (asked: Asked, origin: string) => string>> = {
  GraphQL: graphqlOf,
  Python: pythonOf,
  R: rOf,
  TypeScript: typescriptOf,
  curl: curlOf,
};

/** The query alone: what it was asked with are the defaults of its variables. */
function graphqlOf({ document, variables = {} }: Asked): string {
  const { kind, definitions } = document as DocumentNode;
  return `${print({
    kind,
    definitions: definitions.map((definition) =>
      definition.kind !== 'OperationDefinition'
        ? definition
        : {
            ...definition,
            variableDefinitions: definition.variableDefinitions?.map((variable) => {
              const value = variables[variable.variable.name.value];
              if (value === undefined) return variable;
              return { ...variable, defaultValue: parseValue(printLiteral(value, namedType(variable.type)), {}) };
            }),
          },
    ),
  } as DocumentNode)}\n`;
}

function namedType(type: TypeNode): string {
  return type.kind === 'NamedType' ? type.name.value : namedType(type.type);
}

function pythonOf(asked: Asked, origin: string): string {
  return `# Takes the package of clients/python, and a token in OSTEOGRAPH_TOKEN.
import osteograph

server = osteograph.connect(${JSON.stringify(origin)})
${asked.verb ? byVerb(asked.verb) : byQuery(asked)}`;
}

function byVerb(verb: Verb): string {
  if ('generation' in verb) {
    return `generation = server.generation(${JSON.stringify(verb.generation)})
print(generation.row())  # and .watch(), .volume()
`;
  }
  const given = 'cohort' in verb ? JSON.stringify(verb.cohort) : `where=${literal(verb.where ?? {}, PYTHON)}`;
  return `cohort = server.cohort(${given})
print(len(cohort), 'knee exams')
print(cohort.frame())
`;
}

function byQuery({ document, variables }: Asked): string {
  const text = print(document as DocumentNode)
    .replaceAll('\\', '\\\\')
    .replaceAll('"""', '\\"\\"\\"');
  const given = givenOf(variables);
  return `query = """
${text}
"""
print(server.ask(query${given ? `, **${literal(given, PYTHON)}` : ''}))
`;
}

function typescriptOf({ document, variables }: Asked, origin: string): string {
  const text = print(document as DocumentNode)
    .replaceAll('\\', '\\\\')
    .replaceAll('`', '\\`')
    .replaceAll('${', '\\${');
  const given = givenOf(variables);
  return `// Takes the package of clients/typescript, and a token in OSTEOGRAPH_TOKEN.
import { connect, graphql } from '@osteograph/client';

const osteograph = connect({ url: ${JSON.stringify(origin)}, token: process.env['OSTEOGRAPH_TOKEN'] ?? '' });
const query = graphql(\`
${text}
\`);
const answer = await osteograph.ask(query${given ? `, ${literal(given, JAVASCRIPT)}` : ''});
console.log(JSON.stringify(answer, null, 2));
`;
}

function rOf({ document, variables }: Asked, origin: string): string {
  return `# Takes the packages httr2 and jsonlite, R 4.1 or newer, and a token in OSTEOGRAPH_TOKEN.
library(httr2)

query <- ${rawString(print(document as DocumentNode))}
variables <- jsonlite::fromJSON(${rawString(JSON.stringify(variables ?? {}, null, 2))}, simplifyVector = FALSE)
answer <- request(${JSON.stringify(`${origin}/graphql`)}) |>
  req_auth_bearer_token(Sys.getenv("OSTEOGRAPH_TOKEN")) |>
  req_body_json(list(query = query, variables = variables)) |>
  req_perform() |>
  resp_body_json()
str(answer$data)
`;
}

/** R reads what stands between these as it is; as many dashes as it takes for the text not to end it. */
function rawString(text: string): string {
  let dashes = '';
  while (text.includes(`)${dashes}"`)) dashes += '-';
  return `r"${dashes}(${text})${dashes}"`;
}

function curlOf({ document, variables }: Asked, origin: string): string {
  // No line of JSON is the word that ends it, so a shell takes every character for itself.
  return `# Takes a token in OSTEOGRAPH_TOKEN.
curl -sS '${origin}/graphql' -H "Authorization: Bearer $OSTEOGRAPH_TOKEN" -H 'Content-Type: application/json' --data-binary @- <<'JSON'
${JSON.stringify({ query: print(document as DocumentNode), variables }, null, 2)}
JSON
`;
}

/** The variables that have a value; undefined where none has. */
function givenOf(variables: Asked['variables'] = {}): object | undefined {
  const given = Object.entries(variables).filter(([, value]) => value !== undefined);
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}

/** How a language writes what JSON writes as null, true and false. */
type Words = Readonly<Record<'null' | 'true' | 'false', string>>;

const PYTHON: Words = { null: 'None', true: 'True', false: 'False' };
const JAVASCRIPT: Words = { null: 'null', true: 'true', false: 'false' };

/** JSON in the words of a language; its strings and numbers are those of JSON in both. */
function literal(value: unknown, words: Words): string {
  if (value === null || typeof value === 'boolean') return words[String(value) as keyof Words];
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, words)).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const parts = Object.entries(value)
    .filter(([, child]) => child !== undefined)
    .map(([name, child]) => `${JSON.stringify(name)}: ${literal(child, words)}`);
  return `{${parts.join(', ')}}`;
}
