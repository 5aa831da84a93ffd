/**
 * The 19 radiographic features that a kXR_SQ_BU reading grades (Table I of the radiograph-to-MRI paper), in the one order
 * used everywhere: database columns, one-hot conditioning vectors, exports.
 *
 * Domains are OAI's real ones. The paper's table gives attrition as 0-1; the data has 0-3.
 */
export const FEATURES = [
  { code: 'XRKL', name: 'Kellgren-Lawrence grade', short: 'KL', levels: 5, decimals: false },
  { code: 'XROSFM', name: 'Osteophytes, femur medial', short: 'OS FM', levels: 4, decimals: false },
  { code: 'XROSFL', name: 'Osteophytes, femur lateral', short: 'OS FL', levels: 4, decimals: false },
  { code: 'XROSTM', name: 'Osteophytes, tibia medial', short: 'OS TM', levels: 4, decimals: false },
  { code: 'XROSTL', name: 'Osteophytes, tibia lateral', short: 'OS TL', levels: 4, decimals: false },
  { code: 'XRSCFM', name: 'Sclerosis, femur medial', short: 'SC FM', levels: 4, decimals: false },
  { code: 'XRSCFL', name: 'Sclerosis, femur lateral', short: 'SC FL', levels: 4, decimals: false },
  { code: 'XRSCTM', name: 'Sclerosis, tibia medial', short: 'SC TM', levels: 4, decimals: false },
  { code: 'XRSCTL', name: 'Sclerosis, tibia lateral', short: 'SC TL', levels: 4, decimals: false },
  { code: 'XRCYFM', name: 'Cysts, femur medial', short: 'CY FM', levels: 2, decimals: false },
  { code: 'XRCYFL', name: 'Cysts, femur lateral', short: 'CY FL', levels: 2, decimals: false },
  { code: 'XRCYTM', name: 'Cysts, tibia medial', short: 'CY TM', levels: 2, decimals: false },
  { code: 'XRCYTL', name: 'Cysts, tibia lateral', short: 'CY TL', levels: 2, decimals: false },
  { code: 'XRJSM', name: 'Joint space narrowing, medial', short: 'JSN M', levels: 4, decimals: true },
  { code: 'XRJSL', name: 'Joint space narrowing, lateral', short: 'JSN L', levels: 4, decimals: true },
  { code: 'XRCHM', name: 'Chondrocalcinosis, medial', short: 'CH M', levels: 2, decimals: false },
  { code: 'XRCHL', name: 'Chondrocalcinosis, lateral', short: 'CH L', levels: 2, decimals: false },
  { code: 'XRATTM', name: 'Attrition, tibia medial', short: 'ATT M', levels: 4, decimals: false },
  { code: 'XRATTL', name: 'Attrition, tibia lateral', short: 'ATT L', levels: 4, decimals: false },
] as const;

/** OAI's variable name of a feature without its visit prefix, for example `XRJSM`. */
export type FeatureCode = (typeof FEATURES)[number]['code'];

export const FEATURE_CODES: readonly FeatureCode[] = FEATURES.map((feature) => feature.code);

/**
 * Grades of one knee exam. A missing key and `null` both mean "not read". Joint space narrowing may carry a within-grade
 * decimal (1.4 = grade 1, narrower than at the visit before): an order, never an amount.
 */
export type Grades = Partial<Record<FeatureCode, number | null>>;

export function isFeatureCode(text: string): text is FeatureCode {
  return (FEATURE_CODES as readonly string[]).includes(text);
}

/** Highest grade of a feature, e.g. 3 for osteophytes. */
export function maxGrade(code: FeatureCode): number {
  return FEATURES.find((feature) => feature.code === code)!.levels - 1;
}

/** The whole grade of a reading: JSN 1.4 is grade 1. Null stays null. */
export function wholeGrade(grade: number | null | undefined): number | null {
  return grade == null ? null : Math.floor(grade);
}

/** Within-grade decimals of joint space narrowing at follow-up visits; .3, .6 and .9 are an older scale of OAI's formats. */
const NARROWING_STEPS: readonly number[] = [0.2, 0.3, 0.4, 0.6, 0.8, 0.9];

/** True when `grade` is in the feature's domain (JSN: 0-3, with OAI's decimals only within grades 1 and 2). */
export function isValidGrade(code: FeatureCode, grade: number): boolean {
  const feature = FEATURES.find((candidate) => candidate.code === code)!;
  const whole = Math.floor(grade);
  if (!(whole >= 0 && whole < feature.levels)) return false;
  const step = grade - whole;
  if (step === 0) return true;
  return (
    feature.decimals && (whole === 1 || whole === 2) && NARROWING_STEPS.some((known) => Math.abs(step - known) < 1e-6)
  );
}
