import { Button } from '../../components/button.tsx';
import { inputClass } from '../../components/field.tsx';
import { FEATURES, gradesOf, gradeTerm } from '../../lib/words.ts';
import type { FeatureSet } from './wish.ts';
import styles from './new-evaluation.module.css';

interface SetsProps {
  value: readonly FeatureSet[];
  onChange: (value: FeatureSet[]) => void;
}

/** The first set to compare with, and a second one to be filled in. */
const FIRST: FeatureSet[] = [
  { name: 'preferred reading', overrides: [] },
  { name: 'without KL', overrides: [{ feature: 'XRKL', grade: null }] },
];

/** Sets of grades as arms: an ablation (grades missing) or a what-if (other grades). */
export function FeatureSets({ value, onChange }: SetsProps) {
  const change = (index: number, set: FeatureSet) => onChange(value.with(index, set));
  return (
    <div className={styles.sets}>
      {value.map((set, index) => (
        <fieldset key={index} className={styles.set}>
          <legend>Set {index + 1}</legend>
          <div className={styles.line}>
            <input
              className={inputClass}
              aria-label={`Name of set ${index + 1}`}
              required
              maxLength={60}
              value={set.name}
              onChange={({ target }) => change(index, { ...set, name: target.value })}
            />
            <Button
              kind="quiet"
              small
              aria-label={`Remove set ${index + 1}`}
              onClick={() => onChange(value.toSpliced(index, 1))}
            >
              ✕
            </Button>
          </div>
          {set.overrides.length === 0 && <p className={styles.soft}>The grades as they were read.</p>}
          {set.overrides.map((override, place) => (
            <Override
              key={place}
              label={`set ${index + 1}, grade ${place + 1}`}
              value={override}
              onChange={(next) =>
                change(index, {
                  ...set,
                  overrides: next ? set.overrides.with(place, next) : set.overrides.toSpliced(place, 1),
                })
              }
            />
          ))}
          <Button
            kind="quiet"
            small
            onClick={() => {
              const next = FEATURES.find(({ code }) => !set.overrides.some((override) => override.feature === code));
              if (next) change(index, { ...set, overrides: [...set.overrides, { feature: next.code, grade: null }] });
            }}
          >
            + another grade
          </Button>
        </fieldset>
      ))}
      <Button small onClick={() => onChange(value.length === 0 ? FIRST : [...value, { ...FIRST[1]!, name: '' }])}>
        + set of grades
      </Button>
    </div>
  );
}

interface OverrideProps {
  label: string;
  value: FeatureSet['overrides'][number];
  /** undefined removes it. */
  onChange: (value: FeatureSet['overrides'][number] | undefined) => void;
}

function Override({ label, value, onChange }: OverrideProps) {
  return (
    <div className={styles.line}>
      <select
        className={inputClass}
        aria-label={`Feature of ${label}`}
        value={value.feature}
        onChange={({ target }) => onChange({ feature: target.value, grade: null })}
      >
        {FEATURES.map(({ code, name }) => (
          <option key={code} value={code}>
            {name} ({code})
          </option>
        ))}
      </select>
      <select
        className={inputClass}
        aria-label={`Value of ${label}`}
        value={String(value.grade)}
        onChange={({ target }) => onChange({ ...value, grade: target.value === 'null' ? null : Number(target.value) })}
      >
        <option value="null">missing</option>
        {gradesOf(value.feature).map((grade) => (
          <option key={grade} value={grade}>
            {grade} {gradeTerm(value.feature, grade)}
          </option>
        ))}
      </select>
      <Button kind="quiet" small aria-label={`Remove ${label}`} onClick={() => onChange(undefined)}>
        ✕
      </Button>
    </div>
  );
}
