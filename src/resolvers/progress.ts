import { Arg, Ctx, FieldResolver, ID, Int, Resolver, Root, Subscription } from 'type-graphql';
import { UserError } from '../domain/errors.js';
import { idOf } from '../schema/arguments.js';
import type { LoggedEvent } from '../services/generations/index.js';
import {
  GenerationCompleted,
  GenerationEvent,
  GenerationFrameCompleted,
  GenerationSliceCompleted,
  GenerationStateChanged,
  GenerationStepProgress,
  GenerationTileCompleted,
  SliceProgress,
} from '../schema/generation-event.js';
import { GenerationOutputNode } from '../schema/generation-output.js';
import { outputListComplexity } from '../schema/generation.js';
import { MriSeriesNode } from '../schema/images.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { keyOf } from './ids.js';
import { signedAsset } from './images.js';
import { assertGenerationVisible } from './visible.js';

@Resolver()
export class ProgressResolver {
  @Subscription(() => GenerationEvent, {
    description:
      "A generation's log from the event after `after`, then live; ends after the final event. After a dropped " +
      'connection, ask again with the last `seq` that arrived: nothing is missed, nothing comes twice.',
    subscribe: async ({ args, context }: { args: object; context: Context }) => {
      requireRole(context, 'ANALYST', 'Following a generation');
      const { id, after } = args as { id: string; after: number };
      const key = keyOf('id', 'Generation', id);
      if (after < 0) throw new UserError('BAD_USER_INPUT', `after must not be negative, got ${after}.`);
      await assertGenerationVisible(context, key);
      return context.platform.events.subscribe(key, after, undefined, context.inTurn);
    },
  })
  generationProgress(
    @Root() event: LoggedEvent,
    @Arg('id', () => ID, idOf('generation')) _id: string,
    @Arg('after', () => Int, { defaultValue: 0, description: 'Sequence number to continue after.' }) _after: number,
  ): GenerationEvent {
    switch (event.type) {
      case 'STATE_CHANGED':
        return new GenerationStateChanged(event, event.payload);
      case 'STEP_PROGRESS':
        return new GenerationStepProgress(event, event.payload);
      case 'SLICE_COMPLETED':
        return new GenerationSliceCompleted(event, event.payload);
      case 'TILE_COMPLETED':
        return new GenerationTileCompleted(event, event.payload);
      case 'FRAME_COMPLETED':
        return new GenerationFrameCompleted(event, event.payload);
      case 'COMPLETED':
        return new GenerationCompleted(event, event.payload);
    }
  }
}

@Resolver(() => SliceProgress)
export class SliceProgressResolver {
  @FieldResolver(() => String, { description: 'Signed URL of the slice as 16-bit grey PNG.' })
  async previewUrl(@Root() { payload }: SliceProgress, @Ctx() context: Context): Promise<string> {
    return signedAsset(context, await context.platform.sharedAssets.load(payload.assetId)).url;
  }
}

@Resolver(() => GenerationFrameCompleted)
export class FrameCompletedResolver {
  @FieldResolver(() => String, { description: 'Signed URL of the frame to look at: 8-bit grey PNG.' })
  async image(@Root() { payload }: GenerationFrameCompleted, @Ctx() context: Context): Promise<string> {
    return signedAsset(context, await context.platform.sharedAssets.load(payload.assetId)).url;
  }
}

@Resolver(() => GenerationCompleted)
export class GenerationCompletedResolver {
  @FieldResolver(() => MriSeriesNode, {
    nullable: true,
    description: 'The generated volume; null for a task that makes none.',
  })
  async mriSeries(
    @Root() { payload }: GenerationCompleted,
    @Ctx() { loaders }: Context,
  ): Promise<MriSeriesNode | null> {
    const { mriSeriesId } = payload;
    return mriSeriesId === null ? null : new MriSeriesNode(await loaders.mriSeries.load(mriSeriesId));
  }

  @FieldResolver(() => [GenerationOutputNode], {
    description: 'Every file of it.',
    complexity: outputListComplexity,
  })
  async outputs(@Root() { row }: GenerationCompleted, @Ctx() { loaders }: Context): Promise<GenerationOutputNode[]> {
    return (await loaders.outputsOfGeneration.load(row.generationId)).map((one) => new GenerationOutputNode(one));
  }
}
