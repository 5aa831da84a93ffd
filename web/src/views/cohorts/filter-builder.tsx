import { emptyCondition, type Filter, fieldLabel, fieldsOf, type InputField, kindOf } from '../../lib/filters.ts';
import { Button } from '../../components/button.tsx';
import { AddCondition } from './add-condition.tsx';
import { Comparison } from './comparison.tsx';
import styles from './filter-builder.module.css';

interface GroupProps {
  /** Input type of the group, e.g. KneeExamFilter. */
  type: string;
  value: Filter;
  onChange: (value: Filter) => void;
}

/**
 * Conditions of which all must hold, drawn from the schema's input types: every field that the API knows can be asked for, also in
 * groups and in related rows.
 */
export function FilterGroup({ type, value, onChange }: GroupProps) {
  const fields = fieldsOf(type);
  const set = (name: string, next: unknown) => {
    if (next === undefined) {
      const { [name]: _gone, ...rest } = value;
      onChange(rest);
    } else onChange({ ...value, [name]: next });
  };
  return (
    <div className={styles.group}>
      {Object.entries(value).map(([name, condition]) => {
        const field = fields[name];
        return (
          field && (
            <Condition key={name} name={name} field={field} value={condition} onChange={(next) => set(name, next)} />
          )
        );
      })}
      <AddCondition type={type} value={value} onChange={onChange} />
    </div>
  );
}

interface ConditionProps {
  name: string;
  field: InputField;
  value: unknown;
  /** undefined removes the condition. */
  onChange: (value: unknown) => void;
}

function Condition(props: ConditionProps) {
  const { name, field, value, onChange } = props;
  const label = fieldLabel(name);
  switch (kindOf(name, field)) {
    case 'comparison':
      return field.list ? <Comparisons {...props} label={label} /> : <Comparison {...props} label={label} />;
    case 'value':
      return <Comparison {...props} label={label} />;
    case 'groups':
      return (
        <Box title={name === 'or' ? 'At least one of' : 'Each of'} onRemove={() => onChange(undefined)}>
          <Alternatives type={field.type} word={name} value={value as Filter[]} onChange={onChange} />
        </Box>
      );
    case 'group':
      return (
        <Box title="None of this: not" onRemove={() => onChange(undefined)}>
          <FilterGroup type={field.type} value={value as Filter} onChange={onChange} />
        </Box>
      );
    case 'object':
      return (
        <Box title={label} note={field.description} onRemove={() => onChange(undefined)}>
          <FilterGroup type={field.type} value={value as Filter} onChange={onChange} />
        </Box>
      );
    case 'relation':
      return (
        <Box title={label} note={field.description} onRemove={() => onChange(undefined)}>
          <Related label={label} type={field.type} value={value as Record<string, Filter>} onChange={onChange} />
        </Box>
      );
  }
}

/** Several comparisons of one kind, all of which must hold, such as conditions on variables. */
function Comparisons({ label, field, value, onChange, ...props }: ConditionProps & { label: string }) {
  const items = Array.isArray(value) ? (value as unknown[]) : [value];
  const { list: _list, ...one } = field;
  const set = (next: unknown[]) => onChange(next.length > 0 ? next : undefined);
  return (
    <>
      {items.map((item, index) => (
        <Comparison
          key={index}
          {...props}
          field={one}
          label={items.length > 1 ? `${label} ${index + 1}` : label}
          value={item}
          onChange={(next) => set(next === undefined ? items.toSpliced(index, 1) : items.with(index, next))}
        />
      ))}
      <Button kind="quiet" small onClick={() => set([...items, (emptyCondition(props.name, field) as unknown[])[0]])}>
        + {label.toLowerCase()} …
      </Button>
    </>
  );
}

interface BoxProps {
  title: string;
  note?: string;
  onRemove: () => void;
  children: React.ReactNode;
}

function Box({ title, note, onRemove, children }: BoxProps) {
  return (
    <fieldset className={styles.box}>
      <legend title={note}>
        {title}
        <Button kind="quiet" small aria-label={`Remove ${title}`} onClick={onRemove}>
          ✕
        </Button>
      </legend>
      {children}
    </fieldset>
  );
}

interface AlternativesProps {
  type: string;
  word: string;
  value: Filter[];
  onChange: (value: unknown) => void;
}

function Alternatives({ type, word, value, onChange }: AlternativesProps) {
  return (
    <>
      {value.map((item, index) => (
        <div key={index} className={styles.alternative}>
          {index > 0 && <span className={styles.word}>{word}</span>}
          <FilterGroup type={type} value={item} onChange={(next) => onChange(value.with(index, next))} />
          {value.length > 1 && (
            <Button
              kind="quiet"
              small
              aria-label={`Remove part ${index + 1} of "${word}"`}
              onClick={() => onChange(value.toSpliced(index, 1))}
            >
              ✕
            </Button>
          )}
        </div>
      ))}
      <Button kind="quiet" small onClick={() => onChange([...value, {}])}>
        + {word} …
      </Button>
    </>
  );
}

const QUANTIFIER_WORDS: Readonly<Record<string, string>> = {
  some: 'at least one fits',
  every: 'all fit',
  none: 'none fits',
};

interface RelatedProps {
  label: string;
  type: string;
  value: Record<string, Filter>;
  onChange: (value: unknown) => void;
}

function Related({ label, type, value, onChange }: RelatedProps) {
  const fields = fieldsOf(type);
  return Object.entries(value).map(([quantifier, condition]) => (
    <div key={quantifier} className={styles.related}>
      <select
        className={styles.select}
        aria-label={`${label}: how many must fit`}
        value={quantifier}
        onChange={({ target }) => {
          const { [quantifier]: moved, ...rest } = value;
          onChange({ ...rest, [target.value]: moved });
        }}
      >
        {Object.keys(fields)
          .filter((name) => name in QUANTIFIER_WORDS)
          .toSorted((a, b) => Object.keys(QUANTIFIER_WORDS).indexOf(a) - Object.keys(QUANTIFIER_WORDS).indexOf(b))
          .map((name) => (
            <option key={name} value={name} disabled={name !== quantifier && name in value}>
              {QUANTIFIER_WORDS[name] ?? name}
            </option>
          ))}
      </select>
      <FilterGroup
        type={fields[quantifier]!.type}
        value={condition}
        onChange={(next) => onChange({ ...value, [quantifier]: next })}
      />
    </div>
  ));
}
