import type { ComponentProps, ReactNode } from 'react';
import { Field, inputClass } from './field.tsx';

interface NumberFieldProps extends Omit<ComponentProps<'input'>, 'type' | 'className' | 'id'> {
  label: string;
  hint?: ReactNode;
}

/** A number to type in, with its label, and what to know about it. */
export function NumberField({ label, hint, ...input }: NumberFieldProps) {
  return (
    <Field label={label} hint={hint}>
      {(ids) => <input {...ids} className={inputClass} type="number" {...input} />}
    </Field>
  );
}
