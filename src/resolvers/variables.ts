import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { MISSING_CODES } from '../domain/missing.js';
import type { VariableTable } from '../domain/variables/index.js';
import { PageArgs } from '../schema/arguments.js';
import type { ConnectionOf, PageInfo } from '../schema/connections.js';
import { DerivedVariableNode } from '../schema/derived-variable.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { connectionComplexity, listComplexity } from '../schema/limits.js';
import { ParticipantNode } from '../schema/participant.js';
import {
  ownerName,
  VariableConnection,
  VariableCoverage,
  VariableItem,
  VariableValueItem,
} from '../schema/variable.js';
import { VARIABLE_NAME } from '../schema/variables.js';
import { VisitNode } from '../schema/visit.js';
import { noCursor, pageSize } from '../services/paging/index.js';
import {
  countVariables,
  coverageOf,
  findVariables,
  readValues,
  resolveVariables,
} from '../services/variables/index.js';
import { type Context, requireRole } from './context.js';

const NAMES = { description: `Names of variables. ${VARIABLE_NAME}` } as const;

@Resolver(() => VariableItem)
export class VariableResolver {
  @Query(() => VariableConnection, {
    description:
      'Variables by name: those of the release with a field of their own, all others that were imported, and those that users have derived.',
    complexity: connectionComplexity,
  })
  variables(
    @Ctx() { platform: { dataSource } }: Context,
    @Arg('search', () => String, {
      nullable: true,
      description:
        'Words that name, label or released column hold, each of them, letter case ignored; default: all variables.',
    })
    search: string | null,
    @Args(() => PageArgs) bounds: PageArgs,
  ): ConnectionOf<VariableItem> {
    const given = (cursor: string | null | undefined): boolean => typeof cursor === 'string';
    let reading: Promise<{ page: VariableItem[]; info: Pick<PageInfo, 'hasNextPage' | 'hasPreviousPage'> }> | undefined;
    const read = () =>
      (reading ??= (async () => {
        const { size, backwards } = pageSize(bounds);
        const [after, before] = [nameOf(bounds, 'after'), nameOf(bounds, 'before')];
        const found = await findVariables(dataSource, search, { most: size + 1, backwards, after, before });
        const more = found.length > size;
        const page = (backwards ? found.slice(-size) : found.slice(0, size)).map((one) =>
          Object.assign(new VariableItem(), one, { owner: ownerName(one.owner) }),
        );
        const hasNextPage = (!backwards && more) || given(bounds.before);
        return { page, info: { hasNextPage, hasPreviousPage: (backwards && more) || given(bounds.after) } };
      })());
    return {
      edges: async () => (await read()).page.map((node) => ({ node, cursor: cursorOf(node) })),
      nodes: async () => (await read()).page,
      pageInfo: async () => {
        const { page, info } = await read();
        const [start, end] = [page[0], page.at(-1)];
        return {
          ...info,
          startCursor: start ? cursorOf(start) : null,
          endCursor: end ? cursorOf(end) : null,
        };
      },
      totalCount: () => countVariables(dataSource, search),
    };
  }

  @FieldResolver(() => [VariableCoverage], {
    description: 'Values by visit; visits without any are left out, and all of them for a token of role SUMMARY.',
    complexity: listComplexity(8),
  })
  async coverage(@Root() variable: VariableItem, @Ctx() context: Context): Promise<VariableCoverage[]> {
    // It counts cells of all records: whose they are, and how many people that is, would have to be looked up cell by cell.
    if (context.viewer.role === 'SUMMARY') return [];
    const { dataSource } = context.platform;
    return context.variableCoverage.for(null, (all) => coverageOf(dataSource, all)).load(variable);
  }

  @FieldResolver(() => DerivedVariableNode, {
    nullable: true,
    description: 'How somebody has defined it; null for a variable of the release.',
  })
  async derivedVariable(
    @Root() { derivedId }: VariableItem,
    @Ctx() context: Context,
  ): Promise<DerivedVariableNode | null> {
    if (derivedId === null) return null;
    requireRole(context, 'ANALYST', 'Reading derived variables');
    return new DerivedVariableNode(await context.loaders.derivedVariable.load(derivedId));
  }
}

@Resolver(() => KneeExamNode)
export class KneeExamVariables {
  @FieldResolver(() => [VariableValueItem], {
    description: 'What is known of the knee, of its visit or of its participant, in the order of the names.',
    complexity: valuesComplexity,
  })
  variables(
    @Root() { row }: KneeExamNode,
    @Ctx() context: Context,
    @Arg('names', () => [String], NAMES) names: string[],
  ): Promise<VariableValueItem[]> {
    return valuesOf(context, 'knee_exam', row.id, names);
  }
}

@Resolver(() => VisitNode)
export class VisitVariables {
  @FieldResolver(() => [VariableValueItem], {
    description: 'What is known of the visit, of a knee at it or of its participant, in the order of the names.',
    complexity: valuesComplexity,
  })
  variables(
    @Root() { row }: VisitNode,
    @Ctx() context: Context,
    @Arg('names', () => [String], NAMES) names: string[],
  ): Promise<VariableValueItem[]> {
    return valuesOf(context, 'visit', row.id, names);
  }
}

@Resolver(() => ParticipantNode)
export class ParticipantVariables {
  @FieldResolver(() => [VariableValueItem], {
    description:
      'What is known of the participant, or of a visit or knee that the name fixes, in the order of the names.',
    complexity: valuesComplexity,
  })
  variables(
    @Root() { row }: ParticipantNode,
    @Ctx() context: Context,
    @Arg('names', () => [String], NAMES) names: string[],
  ): Promise<VariableValueItem[]> {
    return valuesOf(context, 'participant', row.id, names);
  }
}

/** All rows of an operation that are asked for the same names are read together. */
async function valuesOf(
  context: Context,
  of: VariableTable,
  id: number,
  names: readonly string[],
): Promise<VariableValueItem[]> {
  requireRole(context, 'ANALYST', 'Reading records');
  const { dataSource } = context.platform;
  const loader = context.variableValues.for([of, names], async (ids) => {
    const refs = await resolveVariables(dataSource, names, 'names');
    return (await readValues(dataSource, refs, of, ids)).map((row) =>
      row.map((value) => ({
        ...value,
        missingReason: value.missing === null ? null : (MISSING_CODES[value.missing] ?? null),
      })),
    );
  });
  return loader.load(id);
}

function valuesComplexity({ args, childComplexity }: { args: { names?: string[] }; childComplexity: number }): number {
  return 1 + (args.names?.length ?? 1) * childComplexity;
}

function cursorOf({ name }: VariableItem): string {
  return Buffer.from(name).toString('base64url');
}

function nameOf(bounds: PageArgs, argument: 'after' | 'before'): string | null {
  const cursor = bounds[argument];
  if (cursor === null || cursor === undefined) return null;
  const name = Buffer.from(cursor, 'base64url').toString();
  if (name === '' || name.includes('\0')) throw noCursor(argument);
  return name;
}
