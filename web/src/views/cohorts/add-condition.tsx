import { useRef, useState } from 'react';
import { emptyCondition, fieldLabel, fieldsOf, type Filter, kindOf } from '../../lib/filters.ts';
import { Menu } from '../../components/menu.tsx';
import styles from './add-condition.module.css';

interface Option {
  path: string[];
  label: string;
  within: string;
  description: string;
}

interface AddConditionProps {
  type: string;
  value: Filter;
  onChange: (value: Filter) => void;
}

/** A searchable list of every field that can still be asked for. */
export function AddCondition({ type, value, onChange }: AddConditionProps) {
  return (
    <Menu label="Add condition" buttonClass={styles.open} className={styles.panel}>
      {(close) => (
        <Options
          options={optionsOf(type).filter(({ path }) => !isSet(value, path))}
          onPick={(path) => {
            onChange(added(value, type, path));
            close();
          }}
        />
      )}
    </Menu>
  );
}

function Options({ options, onPick }: { options: Option[]; onPick: (path: string[]) => void }) {
  const [wanted, setWanted] = useState('');
  const list = useRef<HTMLUListElement>(null);
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const found = options.filter(({ label, within, description, path }) => {
    const text = `${within} ${label} ${description} ${path.join(' ')}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const move = (event: React.KeyboardEvent, by: 1 | -1) => {
    event.preventDefault();
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[Math.min(Math.max(at + by, 0), buttons.length - 1)]?.focus();
  };
  return (
    <div
      onKeyDown={(event) => {
        if (event.key === 'ArrowDown') move(event, 1);
        if (event.key === 'ArrowUp') move(event, -1);
      }}
    >
      <input
        className={styles.search}
        type="search"
        aria-label="Search for a field"
        placeholder="Search: age, osteophytes, progression …"
        autoFocus
        value={wanted}
        onChange={({ target }) => setWanted(target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && found[0]) {
            event.preventDefault();
            onPick(found[0].path);
          }
        }}
      />
      <ul ref={list} className={styles.list}>
        {found.map(({ path, label, within, description }) => (
          <li key={path.join('.')}>
            <button type="button" onClick={() => onPick(path)}>
              <span className={styles.label}>
                {within && <small>{within} › </small>}
                {label}
              </span>
              <span className={styles.description}>{description}</span>
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className={styles.none}>No field has that name.</p>}
    </div>
  );
}

const GROUP_LABELS: Readonly<Record<string, string>> = { and: 'Each of …', or: 'At least one of …', not: 'Not …' };

/** Fields of a type, and those of the single objects in it: grades of the exam, data of its participant. */
function optionsOf(type: string, path: string[] = [], within = ''): Option[] {
  const fields = fieldsOf(type);
  const own = Object.entries(fields).flatMap(([name, field]): Option[] => {
    const kind = kindOf(name, field);
    const here = [...path, name];
    if (kind === 'group' || kind === 'groups') return [];
    const label = fieldLabel(name);
    if (kind === 'object' && path.length === 0 && field.type !== type) return optionsOf(field.type, here, label);
    return [{ path: here, label, within, description: field.description }];
  });
  if (path.length > 0) return own;
  const groups = Object.entries(GROUP_LABELS).filter(([name]) => fields[name]);
  return [
    ...own,
    ...groups.map(([name, label]) => ({ path: [name], label, within: '', description: fields[name]!.description })),
  ];
}

function isSet(value: Filter, [first, ...rest]: string[]): boolean {
  if (first === undefined) return true;
  const child = value[first];
  return child !== undefined && (rest.length === 0 || isSet(child as Filter, rest));
}

function added(value: Filter, type: string, [first, ...rest]: string[]): Filter {
  const field = fieldsOf(type)[first!]!;
  const child =
    rest.length === 0
      ? emptyCondition(first!, field)
      : added((value[first!] as Filter | undefined) ?? {}, field.type, rest);
  return { ...value, [first!]: child };
}
