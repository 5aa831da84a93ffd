import { Field, inputClass } from '../../components/field.tsx';
import { NumberField } from '../../components/number-field.tsx';
import { gradeTerm } from '../../lib/words.ts';

const COMPARTMENTS = {
  MEDIAL: 'medial compartment',
  LATERAL: 'lateral compartment',
  BOTH: 'both compartments',
} as const;

type Compartment = keyof typeof COMPARTMENTS;

const COMPARTMENT_NAMES = ['MEDIAL', 'LATERAL', 'BOTH'] as const satisfies readonly Compartment[];

const GRADES = [0, 1, 2, 3, 4] as const;

interface ProgressionFieldsProps {
  /** What to say about the grade that a film begins with. */
  from: string;
  /** KL grade that is chosen at first. */
  usual: number;
}

/** At which grade a knee is to be shown, where it closes, and in how many frames. */
export function ProgressionFields({ from, usual }: ProgressionFieldsProps) {
  return (
    <>
      <Field label="Last frame" hint={`${from} A better grade opens the joint, a worse one closes it.`}>
        {(ids) => (
          <select {...ids} className={inputClass} name="targetKl" defaultValue={usual}>
            {GRADES.map((grade) => (
              <option key={grade} value={grade}>
                KL {grade}, {gradeTerm('XRKL', grade)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Where">
        {(ids) => (
          <select {...ids} className={inputClass} name="compartment" defaultValue="MEDIAL">
            {COMPARTMENT_NAMES.map((name) => (
              <option key={name} value={name}>
                {COMPARTMENTS[name]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <NumberField label="Frames" name="frameCount" min={2} max={33} defaultValue={9} required />
    </>
  );
}

/** What the fields say, for the API. */
export function toldToProgress(form: FormData) {
  return {
    targetKl: Number(form.get('targetKl')),
    compartment: COMPARTMENT_NAMES.find((name) => name === form.get('compartment')) ?? ('MEDIAL' as const),
    frameCount: Number(form.get('frameCount')),
  };
}
