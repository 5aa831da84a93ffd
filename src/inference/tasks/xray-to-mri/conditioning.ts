import { isValidGrade, wholeGrade } from '../../../domain/features.js';
import type { FeatureCode, Grades } from '../../../domain/features.js';
import { UserError } from '../../../domain/errors.js';

/** One feature of a bundle's vocabulary: its code and how many grades it has. */
export interface FeatureLevels {
  name: FeatureCode;
  levels: number;
}

/** Length of the feature vector of a vocabulary: 65 for all 19 features. */
export function featureLength(vocabulary: readonly FeatureLevels[]): number {
  return vocabulary.reduce((sum, feature) => sum + feature.levels, 0);
}

/**
 * One-hot grades, feature after feature in the bundle's order. A missing or null grade leaves its part all zeros; joint space
 * narrowing 1.4 counts as grade 1.
 *
 * @throws UserError BAD_USER_INPUT for a grade outside the feature's domain
 */
export function featureVector(vocabulary: readonly FeatureLevels[], grades: Grades): Float32Array {
  const vector = new Float32Array(featureLength(vocabulary));
  let offset = 0;
  for (const { name, levels } of vocabulary) {
    const grade = wholeGrade(grades[name]);
    if (grade !== null) {
      if (!isValidGrade(name, grades[name]!)) {
        throw new UserError(
          'BAD_USER_INPUT',
          `The grade ${grades[name]} of ${name} is not one of its grades 0-${levels - 1}.`,
        );
      }
      vector[offset + grade] = 1;
    }
    offset += levels;
  }
  return vector;
}
