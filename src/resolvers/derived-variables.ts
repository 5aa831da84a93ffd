import type { GraphQLResolveInfo, GraphQLSchema } from 'graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import { Arg, Args, Ctx, FieldResolver, Info, Query, Resolver, Root } from 'type-graphql';
import { encodeId } from '../domain/global-ids.js';
import { type DerivedKind, kindOfDefinition } from '../domain/variables/index.js';
import type { DerivedVariable, DerivedVariableVersion } from '../entities/index.js';
import { mayChangeDerivedVariable } from '../policy/index.js';
import { ORDER_BY, PageArgs, WHERE } from '../schema/arguments.js';
import type { ConnectionOf } from '../schema/connections.js';
import {
  DerivedVariableBand,
  DerivedVariableConnection,
  DerivedVariableFilter,
  DerivedVariableKindEnum,
  DerivedVariableNode,
  DerivedVariableVersionConnection,
  DerivedVariableVersionItem,
} from '../schema/derived-variable.js';
import { filterAsJson } from '../schema/filter-json.js';
import { connectionComplexity } from '../schema/limits.js';
import { DerivedVariableOrder, type OrderInput } from '../schema/orders.js';
import {
  DERIVED_VARIABLE_LISTING,
  DERIVED_VARIABLE_VERSION_LISTING,
  DERIVED_VARIABLE_VERSIONS,
  DERIVED_VARIABLES,
  derivedProblem,
  findDerivedVariableNamed,
} from '../services/derived/index.js';
import { countRows, readPage } from '../services/paging/index.js';
import { connection } from './connection.js';
import { type Context, requireRole } from './context.js';
import { findOrNull } from './node.js';

const READING = 'Reading derived variables';

const DESCRIPTIONS = {
  kind: 'What it says.',
  where: 'Filter of a BOOLEAN variable, as it can be given to `where`; null for BANDS.',
  bands: 'Bands in their order; none of a BOOLEAN variable.',
  problem: 'What in its definition is no longer valid, in one sentence; null while all of it is.',
} as const;

/** What finding out whether a definition is valid costs, in fields. */
const PROBLEM_COST = 50;

@Resolver(() => DerivedVariableNode)
export class DerivedVariableResolver {
  @Query(() => DerivedVariableConnection, {
    description: 'Variables that users have defined, by name.',
    complexity: connectionComplexity,
  })
  derivedVariables(
    @Ctx() context: Context,
    @Arg('where', () => DerivedVariableFilter, WHERE) where: object | null,
    @Arg('mine', () => Boolean, { defaultValue: false, description: "Only the viewer's own." }) mine: boolean,
    @Arg('orderBy', () => [DerivedVariableOrder], ORDER_BY) orderBy: OrderInput[] | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<DerivedVariableNode> {
    const { dataSource } = context.platform;
    const { tokenId } = context.viewer;
    const own = mine ? [{ owner: tokenId === null ? { isNull: true } : { eq: tokenId } }] : [];
    const asked = { and: [...own, ...(where ? [where] : [])] };
    return connection(context, {
      page: () => readPage(dataSource, DERIVED_VARIABLE_LISTING, { where: asked, orderBy, ...page }),
      count: () => countRows(dataSource, DERIVED_VARIABLES, asked),
      node: (row) => new DerivedVariableNode(row),
    });
  }

  @Query(() => DerivedVariableNode, {
    nullable: true,
    description: 'A variable that somebody has defined, by its name.',
  })
  async derivedVariable(
    @Ctx() context: Context,
    @Arg('name', () => String, { description: 'Letter case is ignored.' }) name: string,
  ): Promise<DerivedVariableNode | null> {
    requireRole(context, 'ANALYST', READING);
    const found = findDerivedVariableNamed(context.platform.dataSource, name);
    return findOrNull(found.then((row) => new DerivedVariableNode(row)));
  }

  @FieldResolver(() => String, { nullable: true, description: 'Name of the token that defined it.' })
  async owner(@Root() { row }: DerivedVariableNode, @Ctx() { loaders }: Context): Promise<string | null> {
    return row.ownerId === null ? null : (await loaders.apiToken.load(row.ownerId)).name;
  }

  @FieldResolver(() => Boolean, { description: 'Whether the viewer may change and delete it.' })
  canChange(@Root() { row }: DerivedVariableNode, @Ctx() { viewer }: Context): boolean {
    return mayChangeDerivedVariable(row, viewer);
  }

  @FieldResolver(() => String, { description: 'What it is for and whom it follows.' })
  async description(@Root() { row }: DerivedVariableNode, @Ctx() context: Context): Promise<string> {
    return (await current(context, row)).description;
  }

  @FieldResolver(() => DerivedVariableKindEnum, { description: DESCRIPTIONS.kind })
  async kind(@Root() { row }: DerivedVariableNode, @Ctx() context: Context): Promise<DerivedKind> {
    return kindOfDefinition((await current(context, row)).definition);
  }

  @FieldResolver(() => GraphQLJSONObject, { nullable: true, description: DESCRIPTIONS.where })
  async where(@Root() { row }: DerivedVariableNode, @Ctx() context: Context, @Info() { schema }: GraphQLResolveInfo) {
    return whereOf(schema, await current(context, row));
  }

  @FieldResolver(() => [DerivedVariableBand], { description: DESCRIPTIONS.bands })
  async bands(@Root() { row }: DerivedVariableNode, @Ctx() context: Context, @Info() { schema }: GraphQLResolveInfo) {
    return bandsOf(schema, await current(context, row));
  }

  @FieldResolver(() => String, { nullable: true, description: DESCRIPTIONS.problem, complexity: PROBLEM_COST })
  problem(@Root() { row }: DerivedVariableNode, @Ctx() context: Context): Promise<string | null> {
    return derivedProblem(context.platform.dataSource, row, row.version);
  }

  @FieldResolver(() => DerivedVariableVersionConnection, {
    description: 'The newest first.',
    complexity: connectionComplexity,
  })
  versions(
    @Root() { row }: DerivedVariableNode,
    @Ctx() context: Context,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<DerivedVariableVersionItem> {
    const { dataSource } = context.platform;
    const where = { variable: { eq: encodeId('DerivedVariable', row.id) } };
    return connection(context, {
      page: () => readPage(dataSource, DERIVED_VARIABLE_VERSION_LISTING, { where, ...page }),
      count: () => countRows(dataSource, DERIVED_VARIABLE_VERSIONS, where),
      node: (version) => new DerivedVariableVersionItem(version, row),
    });
  }
}

@Resolver(() => DerivedVariableVersionItem)
export class DerivedVariableVersionResolver {
  @FieldResolver(() => String, { nullable: true, description: 'Name of the token that made it.' })
  async createdBy(@Root() { row }: DerivedVariableVersionItem, @Ctx() { loaders }: Context): Promise<string | null> {
    return row.createdById === null ? null : (await loaders.apiToken.load(row.createdById)).name;
  }

  @FieldResolver(() => DerivedVariableKindEnum, { description: DESCRIPTIONS.kind })
  kind(@Root() { row }: DerivedVariableVersionItem): DerivedKind {
    return kindOfDefinition(row.definition);
  }

  @FieldResolver(() => GraphQLJSONObject, { nullable: true, description: DESCRIPTIONS.where })
  where(@Root() { row }: DerivedVariableVersionItem, @Info() { schema }: GraphQLResolveInfo) {
    return whereOf(schema, row);
  }

  @FieldResolver(() => [DerivedVariableBand], { description: DESCRIPTIONS.bands })
  bands(@Root() { row }: DerivedVariableVersionItem, @Info() { schema }: GraphQLResolveInfo): DerivedVariableBand[] {
    return bandsOf(schema, row);
  }

  @FieldResolver(() => String, { nullable: true, description: DESCRIPTIONS.problem, complexity: PROBLEM_COST })
  problem(@Root() { row, variable }: DerivedVariableVersionItem, @Ctx() context: Context): Promise<string | null> {
    return derivedProblem(context.platform.dataSource, variable, row.version);
  }
}

/** The version that a variable is at. */
function current({ loaders }: Context, { id }: DerivedVariable): Promise<DerivedVariableVersion> {
  return loaders.currentDefinitionOfVariable.load(id);
}

function whereOf(schema: GraphQLSchema, { definition }: DerivedVariableVersion): Record<string, unknown> | null {
  return 'where' in definition ? filterAsJson(schema, 'KneeExamFilter', definition.where) : null;
}

function bandsOf(schema: GraphQLSchema, { definition }: DerivedVariableVersion): DerivedVariableBand[] {
  if (!('bands' in definition)) return [];
  return definition.bands.map(({ label, where }, index) => ({
    code: index + 1,
    label,
    where: filterAsJson(schema, 'KneeExamFilter', where),
  }));
}
