import { GraphQLError, parse, specifiedRules, validate } from 'graphql';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { LIMIT_RULES, LIMITS } from '../schema/limits.js';

/** Documents remembered, and the longest of them, characters: what programs send is short, and the same again and again. */
const REMEMBERED = { documents: 500, length: 10_000 };

/** Documents as they were read, or what is wrong with them. */
export class KnownDocuments {
  readonly #valid = new Map<string, DocumentNode>();

  constructor(private readonly schema: GraphQLSchema) {}

  /**
   * Parses and validates a document, or finds that it was found valid before.
   *
   * @throws GraphQLError when it cannot be parsed
   */
  read(query: string): { document: DocumentNode; errors: readonly GraphQLError[] } {
    const known = this.#valid.get(query);
    if (known) return { document: known, errors: [] };
    const document = parsed(query);
    const errors = validate(this.schema, document, [...specifiedRules, ...LIMIT_RULES]);
    if (errors.length === 0 && query.length <= REMEMBERED.length) {
      const [oldest] = this.#valid.keys();
      if (this.#valid.size >= REMEMBERED.documents && oldest !== undefined) this.#valid.delete(oldest);
      this.#valid.set(query, document);
    }
    return { document, errors };
  }
}

/** @throws GraphQLError with the code that Apollo gives it over HTTP */
function parsed(query: string): DocumentNode {
  try {
    return parse(query, { maxTokens: LIMITS.tokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const { message, source, positions } = error;
    throw new GraphQLError(message, { source, positions, extensions: { code: 'GRAPHQL_PARSE_FAILED' } });
  }
}
