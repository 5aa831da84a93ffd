import type { FeatureCode } from '../../../../domain/features.js';
import type { NoiseMode } from '../../../../domain/generations.js';
import type { SamplerName } from '../../../../inference/index.js';
import type { TargetRequest } from '../../request.js';

/** How volumes are to be made, whatever of. Everything has a default. */
export interface RecipeRequest {
  /** `name` or `name@version`; default: the newest that is READY. */
  bundle?: string | null | undefined;
  /** 2 to 500; default 50, the trained stack. */
  sliceCount?: number | null | undefined;
  /** 1 to 2000; default: the bundle's. */
  steps?: number | null | undefined;
  /** DDIM's eta, 0 to 1; default: the bundle's. */
  eta?: number | null | undefined;
  /** Default: the bundle's. */
  sampler?: SamplerName | null | undefined;
  /** 0 to 2^31 - 1; default: drawn at random. */
  seed?: number | null | undefined;
  /** Default: SHARED. */
  noise?: NoiseMode | null | undefined;
  /** Grades to use instead of those of the preferred reading; null = treat as missing. */
  features?: readonly FeatureOverride[] | null | undefined;
}

export interface FeatureOverride {
  feature: FeatureCode;
  grade?: number | null | undefined;
}

/** A wish for one volume. Everything but the target has a default. */
export interface GenerationRequest extends RecipeRequest, TargetRequest {
  /** The caller's own key: asking twice with one key gives one generation. */
  clientKey?: string | null | undefined;
  /** How strongly the grades pull, 0 to 5; default 1: as trained. */
  gradeGuidance?: number | null | undefined;
}
