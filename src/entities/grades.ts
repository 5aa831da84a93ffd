import { Column } from 'typeorm';
import { FEATURE_CODES, type FeatureCode } from '../domain/features.js';

/** The 19 grades as columns named after OAI's variables in lower case; null means missing. */
abstract class GradeColumns implements Record<FeatureCode, number | null> {
  XRKL!: number | null;
  XROSFM!: number | null;
  XROSFL!: number | null;
  XROSTM!: number | null;
  XROSTL!: number | null;
  XRSCFM!: number | null;
  XRSCFL!: number | null;
  XRSCTM!: number | null;
  XRSCTL!: number | null;
  XRCYFM!: number | null;
  XRCYFL!: number | null;
  XRCYTM!: number | null;
  XRCYTL!: number | null;
  XRJSM!: number | null;
  XRJSL!: number | null;
  XRCHM!: number | null;
  XRCHL!: number | null;
  XRATTM!: number | null;
  XRATTL!: number | null;
}

/** Whole grades of an exam's preferred reading. */
export class PreferredGrades extends GradeColumns {}

/** Grades of one reading as read: joint space narrowing keeps its within-grade decimal. */
export class ReadingGrades extends GradeColumns {}

for (const code of FEATURE_CODES) {
  const options = { name: code.toLowerCase(), nullable: true };
  const withDecimals = code === 'XRJSM' || code === 'XRJSL';
  Column({ type: 'smallint', ...options })(PreferredGrades.prototype, code);
  Column({ type: withDecimals ? 'real' : 'smallint', ...options })(ReadingGrades.prototype, code);
}
