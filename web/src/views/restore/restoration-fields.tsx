import { Field, inputClass } from '../../components/field.tsx';
import { NumberField } from '../../components/number-field.tsx';

const FACTORS: readonly [number, string][] = [
  [2, '2 times'],
  [2.83, '2.83 times'],
  [4, '4 times'],
  [8, '8 times'],
];

/** How strong the noise is that is taken off a film. */
export function SigmaField() {
  return (
    <NumberField
      label="Strength"
      hint="Deviation of the noise, 1/255 of the film's grey range; empty: estimated."
      name="sigma"
      min={0}
      step="any"
      placeholder="estimated"
    />
  );
}

/** How many times larger a film becomes. */
export function FactorField() {
  return (
    <Field label="How much">
      {(ids) => (
        <select {...ids} className={inputClass} name="factor" defaultValue="2">
          {FACTORS.map(([factor, label]) => (
            <option key={factor} value={factor}>
              {label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** What the two fields say, for the API. */
export function toldToRestore(operation: 'denoise' | 'upscale', form: FormData) {
  if (operation === 'upscale') return { upscale: { factor: Number(form.get('factor')) } };
  const sigma = form.get('sigma');
  return { denoise: { sigma: sigma === null || sigma === '' ? null : Number(sigma) } };
}
