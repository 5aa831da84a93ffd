import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { PageArgs, WHERE } from '../schema/arguments.js';
import { AuditEntryConnection, AuditEntryNode, AuditFilter } from '../schema/audit.js';
import type { ConnectionOf } from '../schema/connections.js';
import { connectionComplexity } from '../schema/limits.js';
import { ApiTokenNode } from '../schema/viewer.js';
import { auditOf } from '../services/audit/index.js';
import { AUDIT_ENTRIES } from '../services/filters/index.js';
import { AUDIT_LISTING, countRows, readPage } from '../services/paging/index.js';
import { connection } from './connection.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { readyFilter } from './filter.js';

@Resolver(() => AuditEntryNode)
export class AuditResolver {
  @Query(() => AuditEntryConnection, {
    description: 'Who did what, the newest first. For administrators.',
    complexity: connectionComplexity,
  })
  auditEntries(
    @Ctx() context: Context,
    @Arg('where', () => AuditFilter, WHERE) where: object | null,
    @Arg('participant', () => String, {
      nullable: true,
      description:
        'OAI id: only rows about this participant, their images and what was made from them, at most the newest 10,000; default: all.',
    })
    participant: string | null | undefined,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<AuditEntryNode> {
    requireRole(context, 'ADMIN', 'Reading the audit');
    const { dataSource } = context.platform;
    const selected = async () => {
      const ready = await readyFilter(context, where);
      if (participant === null || participant === undefined) return ready;
      const about = await auditOf(dataSource, participant);
      return ready ? { and: [ready, about] } : about;
    };
    return connection(context, {
      page: async () => readPage(dataSource, AUDIT_LISTING, { where: await selected(), ...page }),
      count: async () => countRows(dataSource, AUDIT_ENTRIES, await selected()),
      node: (row) => new AuditEntryNode(row),
    });
  }
  @FieldResolver(() => ApiTokenNode, {
    nullable: true,
    description: 'The token that did it, or the person who had signed in; null for the command line.',
  })
  async token(@Root() { row }: AuditEntryNode, @Ctx() { loaders }: Context): Promise<ApiTokenNode | null> {
    return row.tokenId === null ? null : new ApiTokenNode(await loaders.apiToken.load(row.tokenId));
  }
}
