import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { INPUT, PageArgs, WHERE } from '../schema/arguments.js';
import type { ConnectionOf } from '../schema/connections.js';
import { connectionComplexity, jobComplexity } from '../schema/limits.js';
import type { IdInput } from '../schema/mutation-types.js';
import {
  CreateWebhookInput,
  CreateWebhookPayload,
  DeleteWebhookInput,
  DeleteWebhookPayload,
  type DeletedWebhookPayload,
  RedeliverWebhookInput,
  RedeliverWebhookPayload,
  RotateWebhookSecretInput,
  RotateWebhookSecretPayload,
  TestWebhookInput,
  TestWebhookPayload,
  UpdateWebhookInput,
  UpdateWebhookPayload,
  WebhookConnection,
  WebhookDeliveryConnection,
  WebhookDeliveryFilter,
  WebhookDeliveryNode,
  type WebhookDeliveryPayload,
  WebhookFilter,
  WebhookNode,
  type WebhookPayload,
  type WebhookSecretPayload,
} from '../schema/webhook.js';
import { countRows, readPage } from '../services/paging/index.js';
import {
  createWebhook,
  deleteWebhook,
  deliveriesFor,
  DELIVERY_LISTING,
  redeliverWebhook,
  rotateWebhookSecret,
  testWebhook,
  updateWebhook,
  WEBHOOK_DELIVERIES,
  WEBHOOK_LISTING,
  WEBHOOKS,
  webhooksFor,
} from '../services/webhooks/index.js';
import { connection } from './connection.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { readyFilter } from './filter.js';
import { keyOf } from './ids.js';

@Resolver(() => WebhookNode)
export class WebhookResolver {
  @Query(() => WebhookConnection, {
    description: "The viewer's webhooks, an administrator's view of everybody's; the newest first.",
    complexity: connectionComplexity,
  })
  webhooks(
    @Ctx() context: Context,
    @Arg('where', () => WebhookFilter, WHERE) where: object | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<WebhookNode> {
    requireRole(context, 'OPERATOR', 'Reading webhooks');
    const { dataSource } = context.platform;
    const selected = async () => webhooksFor(context.viewer, await readyFilter(context, where));
    return connection(context, {
      page: async () => readPage(dataSource, WEBHOOK_LISTING, { where: await selected(), ...page }),
      count: async () => countRows(dataSource, WEBHOOKS, await selected()),
      node: (row) => new WebhookNode(row),
    });
  }

  @Mutation(() => CreateWebhookPayload, {
    description:
      "Has an address told how the viewer's work ends, or everybody's. Messages are signed, and sent until the receiver has taken them, for 24 hours.",
  })
  async createWebhook(
    @Ctx() context: Context,
    @Arg('input', () => CreateWebhookInput, INPUT) input: CreateWebhookInput,
  ): Promise<WebhookSecretPayload> {
    requireRole(context, 'OPERATOR', 'createWebhook');
    const { dataSource, webhookRules } = context.platform;
    const { webhook, secret } = await createWebhook(dataSource, context.viewer, input, webhookRules);
    return { webhook: new WebhookNode(webhook), secret };
  }

  @Mutation(() => UpdateWebhookPayload, { description: 'Changes a webhook, disables it or enables it again.' })
  async updateWebhook(
    @Ctx() context: Context,
    @Arg('input', () => UpdateWebhookInput, INPUT) { id, ...change }: UpdateWebhookInput,
  ): Promise<WebhookPayload> {
    requireRole(context, 'OPERATOR', 'updateWebhook');
    const { dataSource, webhookRules } = context.platform;
    const key = Number(keyOf('id', 'Webhook', id));
    return { webhook: new WebhookNode(await updateWebhook(dataSource, context.viewer, key, change, webhookRules)) };
  }

  @Mutation(() => RotateWebhookSecretPayload, {
    description: 'Gives a webhook a new secret. For 24 hours messages carry a signature by the old one, too.',
  })
  async rotateWebhookSecret(
    @Ctx() context: Context,
    @Arg('input', () => RotateWebhookSecretInput, INPUT) { id }: IdInput,
  ): Promise<WebhookSecretPayload> {
    requireRole(context, 'OPERATOR', 'rotateWebhookSecret');
    const key = Number(keyOf('id', 'Webhook', id));
    const { webhook, secret } = await rotateWebhookSecret(context.platform.dataSource, context.viewer, key);
    return { webhook: new WebhookNode(webhook), secret };
  }

  @Mutation(() => DeleteWebhookPayload, { description: 'Removes a webhook and the list of what was sent to it.' })
  async deleteWebhook(
    @Ctx() context: Context,
    @Arg('input', () => DeleteWebhookInput, INPUT) { id }: IdInput,
  ): Promise<DeletedWebhookPayload> {
    requireRole(context, 'OPERATOR', 'deleteWebhook');
    await deleteWebhook(context.platform.dataSource, context.viewer, Number(keyOf('id', 'Webhook', id)));
    return { deletedWebhookId: id };
  }

  @Mutation(() => TestWebhookPayload, {
    description: 'Sends a message that tells of nothing, once. Ask `node(id)` of the delivery what became of it.',
    complexity: jobComplexity,
  })
  async testWebhook(
    @Ctx() context: Context,
    @Arg('input', () => TestWebhookInput, INPUT) { id }: IdInput,
  ): Promise<WebhookDeliveryPayload> {
    requireRole(context, 'OPERATOR', 'testWebhook');
    const { platform, viewer } = context;
    const row = await testWebhook(platform.dataSource, viewer, Number(keyOf('id', 'Webhook', id)));
    platform.webhookDeliveries.wake();
    return { delivery: new WebhookDeliveryNode(row) };
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Name of the token that made it; null for the command line.',
  })
  async owner(@Root() { row }: WebhookNode, @Ctx() { loaders }: Context): Promise<string | null> {
    return row.ownerId === null ? null : (await loaders.apiToken.load(row.ownerId)).name;
  }
}

@Resolver(() => WebhookDeliveryNode)
export class WebhookDeliveryResolver {
  @Query(() => WebhookDeliveryConnection, {
    description: "Messages to the viewer's webhooks, an administrator's view of all; the newest first.",
    complexity: connectionComplexity,
  })
  webhookDeliveries(
    @Ctx() context: Context,
    @Arg('where', () => WebhookDeliveryFilter, WHERE) where: object | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<WebhookDeliveryNode> {
    requireRole(context, 'OPERATOR', 'Reading deliveries');
    const { dataSource } = context.platform;
    const selected = async () => deliveriesFor(context.viewer, await readyFilter(context, where));
    return connection(context, {
      page: async () => readPage(dataSource, DELIVERY_LISTING, { where: await selected(), ...page }),
      count: async () => countRows(dataSource, WEBHOOK_DELIVERIES, await selected()),
      node: (row) => new WebhookDeliveryNode(row),
    });
  }

  @Mutation(() => RedeliverWebhookPayload, {
    description: 'Sends a message again, under the same id: one that is over, or one that waits to be tried again.',
    complexity: jobComplexity,
  })
  async redeliverWebhook(
    @Ctx() context: Context,
    @Arg('input', () => RedeliverWebhookInput, INPUT) { id }: IdInput,
  ): Promise<WebhookDeliveryPayload> {
    requireRole(context, 'OPERATOR', 'redeliverWebhook');
    const { platform, viewer } = context;
    const row = await redeliverWebhook(platform.dataSource, viewer, Number(keyOf('id', 'WebhookDelivery', id)));
    platform.webhookDeliveries.wake();
    return { delivery: new WebhookDeliveryNode(row) };
  }

  @FieldResolver(() => WebhookNode, { description: 'The webhook that it is for.' })
  async webhook(@Root() { row }: WebhookDeliveryNode, @Ctx() { loaders }: Context): Promise<WebhookNode> {
    return new WebhookNode(await loaders.webhook.load(row.webhookId));
  }
}
