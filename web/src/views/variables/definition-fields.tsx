import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { type Filter, parseFilter, printFilter } from '../../lib/filters.ts';
import styles from './variables.module.css';

/** A definition as it is edited: filters as GraphQL. */
export interface Draft {
  kind: 'BOOLEAN' | 'BANDS';
  where: string;
  bands: readonly { label: string; where: string }[];
}

interface Definition {
  where: Filter | null;
  bands: readonly { label: string; where: Filter }[];
}

/** A definition as the API takes it. */
export type DefinitionInput = { where: Filter } | { bands: { label: string; where: Filter }[] };

export function draftOf({ where, bands }: Definition): Draft {
  return {
    kind: bands.length > 0 ? 'BANDS' : 'BOOLEAN',
    where: where ? printFilter(where) : '',
    bands:
      bands.length > 0
        ? bands.map((band) => ({ label: band.label, where: printFilter(band.where) }))
        : [
            { label: '', where: where ? printFilter(where) : '' },
            { label: '', where: '{}' },
          ],
  };
}

/** @throws Error with a sentence about a filter that is none */
export async function definitionOf({ kind, where, bands }: Draft): Promise<DefinitionInput> {
  if (kind === 'BOOLEAN') return { where: await parseFilter(where) };
  const read = bands.map(async ({ label, where: text }) => ({ label: label.trim(), where: await parseFilter(text) }));
  return { bands: await Promise.all(read) };
}

/** What the variable says: yes or no by one filter, or bands of which the first that holds counts. */
export function DefinitionFields({ draft, onChange }: { draft: Draft; onChange: (draft: Draft) => void }) {
  const { kind, where, bands } = draft;
  return (
    <>
      <Field label="What it says" hint={HINTS[kind]}>
        {(ids) => (
          <select
            {...ids}
            className={inputClass}
            value={kind}
            onChange={({ target }) => onChange({ ...draft, kind: target.value as Draft['kind'] })}
          >
            <option value="BOOLEAN">yes or no</option>
            <option value="BANDS">one of several bands</option>
          </select>
        )}
      </Field>
      {kind === 'BOOLEAN' ? (
        <Field label="Yes where" hint="A filter as GraphQL">
          {(ids) => (
            <textarea
              {...ids}
              className={inputClass}
              rows={5}
              required
              spellCheck={false}
              value={where}
              onChange={({ target }) => onChange({ ...draft, where: target.value })}
            />
          )}
        </Field>
      ) : (
        <Bands bands={bands} onChange={(next) => onChange({ ...draft, bands: next })} />
      )}
    </>
  );
}

const HINTS: Readonly<Record<Draft['kind'], string>> = {
  BOOLEAN: 'No where the filter does not hold; missing where a value that it compares is missing.',
  BANDS: 'The first band whose filter holds counts; {} in the last one takes whatever is left.',
};

function Bands({ bands, onChange }: { bands: Draft['bands']; onChange: (bands: Draft['bands']) => void }) {
  // Keys that stay with a band when one before it goes.
  const [keys, setKeys] = useState(() => bands.map((_, index) => index));
  const [next, setNext] = useState(bands.length);
  return (
    <>
      {bands.map((band, index) => (
        <fieldset key={keys[index]} className={styles.band}>
          <legend>Band {index + 1}</legend>
          <Field label={`Label of band ${index + 1}`}>
            {(ids) => (
              <input
                {...ids}
                className={inputClass}
                required
                maxLength={100}
                value={band.label}
                onChange={({ target }) => onChange(bands.with(index, { ...band, label: target.value }))}
              />
            )}
          </Field>
          <Field label={`Filter of band ${index + 1}`}>
            {(ids) => (
              <textarea
                {...ids}
                className={inputClass}
                rows={3}
                required
                spellCheck={false}
                value={band.where}
                onChange={({ target }) => onChange(bands.with(index, { ...band, where: target.value }))}
              />
            )}
          </Field>
          {bands.length > 1 && (
            <Button
              kind="quiet"
              small
              onClick={() => {
                setKeys(keys.toSpliced(index, 1));
                onChange(bands.toSpliced(index, 1));
              }}
            >
              Remove band {index + 1}
            </Button>
          )}
        </fieldset>
      ))}
      <Button
        small
        onClick={() => {
          setKeys([...keys, next]);
          setNext(next + 1);
          onChange([...bands, { label: '', where: '' }]);
        }}
      >
        Add a band
      </Button>
    </>
  );
}
