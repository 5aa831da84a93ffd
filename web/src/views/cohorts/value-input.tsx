import { useState } from 'react';
import { enums } from 'virtual:schema-language';
import type { InputField } from '../../lib/filters.ts';
import { meaning } from '../../lib/words.ts';
import styles from './filter-builder.module.css';

interface ValueInputProps {
  label: string;
  field: InputField;
  value: unknown;
  onChange: (value: unknown) => void;
  /** The whole numbers that the value can be, where there are few. */
  grades?: number[] | undefined;
}

/** The right control for a scalar, an enum, or a list of them. */
export function ValueInput({ label, field, value, onChange, grades }: ValueInputProps) {
  const { type, list } = field;
  const values = enums[type];
  const chosen = (value as (string | number)[] | null) ?? [];
  if (type === 'Int' && list && grades) {
    return (
      <Choices label={label} options={grades.map((grade) => ({ value: grade }))} value={chosen} onChange={onChange} />
    );
  }
  if (values && list) {
    const options = values.map((known) => ({ value: known.value, title: meaning(type, known.value) }));
    return <Choices label={label} options={options} value={chosen} onChange={onChange} />;
  }
  if (values) {
    return (
      <select
        className={styles.select}
        aria-label={label}
        value={(value as string | null) ?? ''}
        onChange={({ target }) => onChange(target.value || null)}
      >
        {!field.required && <option value="">choose …</option>}
        {values.map((known) => (
          <option key={known.value} value={known.value}>
            {optionText(type, known.value)}
          </option>
        ))}
      </select>
    );
  }
  if (type === 'Boolean') {
    return (
      <select
        className={styles.select}
        aria-label={label}
        value={String(value ?? true)}
        onChange={({ target }) => onChange(target.value === 'true')}
      >
        <option value="true">yes</option>
        <option value="false">no</option>
      </select>
    );
  }
  return <TextInput key={`${type}${list}`} label={label} field={field} value={value} onChange={onChange} />;
}

/** Typed text, handed on as the value it stands for; what is not a value yet stays in the control. */
function TextInput({ label, field: { type, list }, value, onChange }: ValueInputProps) {
  const [text, setText] = useState(textOf(value));
  const current = parsed(text, type, list);
  // A chart or the text beside the builder may change the value from outside.
  if (JSON.stringify(current) !== JSON.stringify(value ?? null) && textOf(value) !== '' && textOf(value) !== text)
    setText(textOf(value));
  const numeric = type === 'Int' || type === 'Float';
  return (
    <input
      className={styles.input}
      aria-label={label}
      type={list ? 'text' : numeric ? 'number' : type === 'Date' ? 'date' : 'text'}
      step={type === 'Float' ? 'any' : undefined}
      inputMode={numeric ? 'decimal' : undefined}
      placeholder={list ? 'a, b, c' : undefined}
      value={text}
      onChange={({ target }) => {
        setText(target.value);
        onChange(parsed(target.value, type, list));
      }}
    />
  );
}

interface ChoicesProps {
  label: string;
  options: { value: string | number; title?: string }[];
  value: (string | number)[];
  onChange: (value: (string | number)[]) => void;
}

function Choices({ label, options, value: chosen, onChange }: ChoicesProps) {
  return (
    <span role="group" aria-label={label} className={styles.choices}>
      {options.map(({ value, title }) => (
        <button
          key={value}
          type="button"
          aria-pressed={chosen.includes(value)}
          title={title}
          onClick={() =>
            onChange(chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value].toSorted())
          }
        >
          {value}
        </button>
      ))}
    </span>
  );
}

function optionText(type: string, value: string): string {
  const words = meaning(type, value).replace(/\.$/, '');
  const saysMore = words.toUpperCase() !== value.replaceAll('_', ' ');
  return saysMore && words.length <= 48 ? `${value} · ${words}` : value;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

function parsed(text: string, type: string, list: true | undefined): unknown {
  if (list) {
    const items = text.split(',').map((item) => parsed(item, type, undefined));
    const whole = items.filter((item) => item !== null);
    return whole.length > 0 ? whole : null;
  }
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (type !== 'Int' && type !== 'Float') return trimmed;
  const number = Number(trimmed);
  return Number.isFinite(number) && (type === 'Float' || Number.isInteger(number)) ? number : null;
}
