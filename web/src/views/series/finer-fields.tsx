import { Field, inputClass } from '../../components/field.tsx';
import { NumberField } from '../../components/number-field.tsx';

/** How much finer a series becomes, by which network, and whether it is unwarped. */
export function FinerFields() {
  return (
    <>
      <NumberField
        label="How many times finer"
        hint="Along rows and columns; 2.6667 is 1.5T to 7T."
        name="scale"
        min={1}
        step="any"
        defaultValue={2}
        required
      />
      <Field label="Slices">
        {(ids) => (
          <select {...ids} className={inputClass} name="throughPlane">
            <option value="">as many as there are</option>
            <option value="2">twice as many, half as thick</option>
          </select>
        )}
      </Field>
      <Field label="Network">
        {(ids) => (
          <select {...ids} className={inputClass} name="network">
            <option value="STUDENT">student: one step, quick</option>
            <option value="TEACHER">teacher: slower</option>
          </select>
        )}
      </Field>
      <Field
        label="Gradient coefficients"
        hint="A file of the scanner that took it, to unwarp by; only for what the scanner has not corrected itself."
      >
        {(ids) => (
          <input {...ids} className={inputClass} type="file" name="coefficients" accept=".json,application/json" />
        )}
      </Field>
    </>
  );
}

/** What the fields say, for the API. */
export async function toldToRefine(form: FormData) {
  const coefficients = form.get('coefficients');
  return {
    scale: Number(form.get('scale')),
    throughPlane: form.get('throughPlane') === '2' ? 2 : null,
    network: form.get('network') === 'TEACHER' ? ('TEACHER' as const) : ('STUDENT' as const),
    coefficients: coefficients instanceof File && coefficients.size > 0 ? await coefficients.text() : null,
  };
}
