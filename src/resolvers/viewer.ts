import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { UserError } from '../domain/errors.js';
import { decodeId, encodeId } from '../domain/global-ids.js';
import { roleIncludes } from '../domain/roles.js';
import { INPUT } from '../schema/arguments.js';
import { CreateTokenPayload, RevokeTokenInput, RevokeTokenPayload } from '../schema/mutations.js';
import type { IdInput, TokenPayload } from '../schema/mutations.js';
import { ApiTokenNode, CreateTokenInput, Viewer } from '../schema/viewer.js';
import { audit, createToken, listTokens, revokeToken } from '../services/access/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';

@Resolver()
export class ViewerResolver {
  @Query(() => Viewer, { description: 'Who am I, what may I do?' })
  viewer(@Ctx() { viewer: { tokenId, name, role, expiresAt }, platform }: Context): Viewer {
    return {
      id: encodeId('ApiToken', tokenId),
      name,
      role,
      expiresAt,
      canCount: roleIncludes(role, 'SUMMARY'),
      canRead: roleIncludes(role, 'ANALYST'),
      canSeeImages: roleIncludes(role, 'READER'),
      canGenerate: roleIncludes(role, 'OPERATOR'),
      canAdminister: roleIncludes(role, 'ADMIN'),
      quota: platform.quotas?.standing(tokenId) ?? null,
    };
  }

  @Query(() => [ApiTokenNode], { description: 'Every token ever made, the newest first. For administrators.' })
  async tokens(@Ctx() context: Context): Promise<ApiTokenNode[]> {
    requireRole(context, 'ADMIN', 'Listing tokens');
    return (await listTokens(context.platform.dataSource)).map((row) => new ApiTokenNode(row));
  }

  @Mutation(() => CreateTokenPayload, { description: 'Makes a token. For administrators.' })
  async createToken(
    @Ctx() context: Context,
    @Arg('input', () => CreateTokenInput, INPUT) input: CreateTokenInput,
  ): Promise<TokenPayload & { secret: string }> {
    requireRole(context, 'ADMIN', 'createToken');
    const { dataSource } = context.platform;
    const { text, token } = await createToken(dataSource, input);
    await audit(dataSource, {
      tokenId: context.viewer.tokenId,
      action: 'createToken',
      target: String(token.id),
      detail: { name: token.name, role: token.role },
    });
    return { token: new ApiTokenNode(token), secret: text };
  }

  @Mutation(() => RevokeTokenPayload, { description: 'Ends a token at once. For administrators.' })
  async revokeToken(
    @Ctx() context: Context,
    @Arg('input', () => RevokeTokenInput, INPUT) { id }: IdInput,
  ): Promise<TokenPayload> {
    requireRole(context, 'ADMIN', 'revokeToken');
    const { dataSource, tokens } = context.platform;
    const decoded = decodeId(id);
    if (decoded?.type !== 'ApiToken') throw new UserError('BAD_USER_INPUT', 'id must be the id of an ApiToken.');
    const token = await revokeToken(dataSource, Number(decoded.key));
    tokens.forget(token.id);
    await audit(dataSource, { tokenId: context.viewer.tokenId, action: 'revokeToken', target: String(token.id) });
    return { token: new ApiTokenNode(token) };
  }
}
