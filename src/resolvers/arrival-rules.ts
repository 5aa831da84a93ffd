import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import {
  type ArrivalRulePayload,
  ArrivalRuleNode,
  CreateArrivalRuleInput,
  CreateArrivalRulePayload,
  type DeleteArrivalRule,
  DeleteArrivalRuleInput,
  DeleteArrivalRulePayload,
  type DeletedArrivalRulePayload,
} from '../schema/arrival-rule.js';
import type { ArrivalRule } from '../entities/index.js';
import { mayReadCohort } from '../policy/index.js';
import { INPUT } from '../schema/arguments.js';
import { listComplexity } from '../schema/limits.js';
import { addArrivalRule, listArrivalRules, removeArrivalRule } from '../services/arrivals/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { keyOf } from './ids.js';

/** A rule as the viewer may see it. */
export function arrivalRuleNode(rule: ArrivalRule, { viewer }: Context): ArrivalRuleNode {
  return new ArrivalRuleNode(rule, rule.cohort !== null && mayReadCohort(rule.cohort, viewer));
}

@Resolver()
export class ArrivalRuleResolver {
  @Query(() => [ArrivalRuleNode], {
    description: 'What is made of films that arrive, in the order in which the rules were added; at most 100.',
    complexity: listComplexity(100),
  })
  async arrivalRules(@Ctx() context: Context): Promise<ArrivalRuleNode[]> {
    requireRole(context, 'OPERATOR', 'Reading arrival rules');
    const rules = await listArrivalRules(context.platform.dataSource);
    return rules.map((rule) => arrivalRuleNode(rule, context));
  }

  @Mutation(() => CreateArrivalRulePayload, {
    description:
      'Has something made of each film that arrives by DICOMweb or from a PACS from now on. What is made is the work of whoever adds the rule.',
  })
  async createArrivalRule(
    @Ctx() context: Context,
    @Arg('input', () => CreateArrivalRuleInput, INPUT) { cohortId, ...input }: CreateArrivalRuleInput,
  ): Promise<ArrivalRulePayload> {
    requireRole(context, 'OPERATOR', 'createArrivalRule');
    const rule = await addArrivalRule(context.platform.dataSource, context.viewer, {
      ...input,
      cohortId: cohortId == null ? null : keyOf('cohortId', 'Cohort', cohortId),
    });
    return { arrivalRule: arrivalRuleNode(rule, context) };
  }

  @Mutation(() => DeleteArrivalRulePayload, {
    description: "Removes a rule of one's own, or, for administrators, of anybody. What was made by it stays.",
  })
  async deleteArrivalRule(
    @Ctx() context: Context,
    @Arg('input', () => DeleteArrivalRuleInput, INPUT) { id }: DeleteArrivalRule,
  ): Promise<DeletedArrivalRulePayload> {
    requireRole(context, 'OPERATOR', 'deleteArrivalRule');
    const key = Number(keyOf('id', 'ArrivalRule', id));
    await removeArrivalRule(context.platform.dataSource, context.viewer, key);
    return { deletedArrivalRuleId: id };
  }
}
