import { featureName, FEATURES, gradesOf, gradeTerm } from '../../lib/words.ts';
import type { Prepared } from './queries.ts';
import styles from './generate.module.css';

/** Grades to use instead of the preferred reading, by feature; null = treat as missing. */
export type Overrides = Readonly<Record<string, number | null>>;

/** A grade as somebody read it. */
export interface ReadGrade {
  feature: string;
  grade: number | null;
  missingReason: string | null;
}

interface OverridesProps {
  /** Null where nobody has read the film. */
  grades: readonly ReadGrade[] | null;
  /** What the bundle is conditioned on. */
  features: Prepared['bundles'][number]['features'];
  value: Overrides;
  onChange: (value: Overrides) => void;
}

const UNREAD: readonly ReadGrade[] = FEATURES.map(({ code }) => ({ feature: code, grade: null, missingReason: null }));

/** The 19 grades, each as it was read unless another is chosen, with what each means. */
export function GradeOverrides({ grades, features, value, onChange }: OverridesProps) {
  return (
    <ul className={styles.grades}>
      {(grades ?? UNREAD).map(({ feature: code, grade, missingReason }) => {
        const changed = code in value;
        const known = features.some((conditioned) => conditioned.feature === code);
        const read =
          grades === null
            ? 'not known'
            : grade === null
              ? `as read: missing${missingReason ? ` (${missingReason})` : ''}`
              : `as read: ${grade} ${gradeTerm(code, grade)}`;
        return (
          <li key={code} className={changed ? styles.changed : undefined}>
            <label htmlFor={`grade-${code}`}>
              {featureName(code)} <code>{code}</code>
            </label>
            <select
              id={`grade-${code}`}
              disabled={!known}
              title={known ? undefined : 'This bundle is not conditioned on this grade.'}
              value={changed ? String(value[code]) : ''}
              onChange={({ target }) => {
                const { [code]: _before, ...rest } = value;
                onChange(
                  target.value === ''
                    ? rest
                    : { ...rest, [code]: target.value === 'null' ? null : Number(target.value) },
                );
              }}
            >
              <option value="">{known ? read : 'not used by this bundle'}</option>
              {gradesOf(code).map((other) => (
                <option key={other} value={other}>
                  {other} {gradeTerm(code, other)}
                </option>
              ))}
              <option value="null">treat as missing</option>
            </select>
          </li>
        );
      })}
    </ul>
  );
}
