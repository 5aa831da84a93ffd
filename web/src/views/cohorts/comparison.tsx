import { enums } from 'virtual:schema-language';
import { fieldLabel, fieldsOf, gradesOfField, type InputField, operatorsOf, parametersOf } from '../../lib/filters.ts';
import { Button } from '../../components/button.tsx';
import { VariablePicker } from '../variables/variable-picker.tsx';
import { CohortPicker } from './cohort-picker.tsx';
import { ValueInput } from './value-input.tsx';
import styles from './filter-builder.module.css';

interface ComparisonProps {
  name: string;
  label: string;
  field: InputField;
  value: unknown;
  onChange: (value: unknown) => void;
}

/** What is compared, then when, then by whom it was read. */
const PARAMETER_ORDER = ['feature', 'score', 'from', 'to', 'project'];

/** One field compared with one or more values: "Age is at least 50 and is less than 70". */
export function Comparison({ name, label, field, value, onChange }: ComparisonProps) {
  const operators = operatorsOf(field.type);
  const parameters = parametersOf(field.type).toSorted(
    (a, b) => PARAMETER_ORDER.indexOf(a) - PARAMETER_ORDER.indexOf(b),
  );
  const given = (value ?? {}) as Record<string, unknown>;
  const isValue = operators.length === 0 && parameters.length === 0;
  const used = operators.filter((operator) => operator.name in given);
  const free = operators.find((operator) => !(operator.name in given));
  const fields = fieldsOf(field.type);
  return (
    <fieldset className={styles.condition}>
      <legend title={field.description}>{label}</legend>
      <Button
        kind="quiet"
        small
        className={styles.remove}
        aria-label={`Remove ${label}`}
        onClick={() => onChange(undefined)}
      >
        ✕
      </Button>
      {isValue && <ValueInput label={label} field={field} value={value} onChange={onChange} />}
      {parameters.length > 0 && (
        <div className={styles.parameters}>
          {parameters.map((parameter) => (
            <label key={parameter} title={fields[parameter]!.description}>
              <span>{fieldLabel(parameter)}</span>
              {namesVariable(field.type, parameter) ? (
                <VariablePicker
                  label={`${label}, ${fieldLabel(parameter)}`}
                  className={styles.input}
                  value={typeof given[parameter] === 'string' ? given[parameter] : ''}
                  onChange={(next) => onChange({ ...given, [parameter]: next.trim() || null })}
                />
              ) : (
                <ValueInput
                  label={`${label}, ${fieldLabel(parameter)}`}
                  field={fields[parameter]!}
                  value={given[parameter] ?? null}
                  onChange={(next) => onChange({ ...given, [parameter]: next })}
                />
              )}
            </label>
          ))}
        </div>
      )}
      {used.map(({ name: operator }, index) => (
        <div key={operator} className={styles.line}>
          {operators.length > 1 && (
            <select
              className={styles.select}
              aria-label={`${label}: comparison`}
              value={operator}
              onChange={({ target }) => onChange(renamed(given, operator, target.value, fields))}
            >
              {operators.map(({ name: other, words }) => (
                <option key={other} value={other} disabled={other !== operator && other in given}>
                  {words}
                </option>
              ))}
            </select>
          )}
          {field.type === 'CohortMembershipFilter' ? (
            <CohortPicker
              label={label}
              value={given[operator]}
              onChange={(next) => onChange({ ...given, [operator]: next })}
            />
          ) : (
            <ValueInput
              label={`${label}: value`}
              field={fields[operator]!}
              grades={gradesOfField(name)}
              value={given[operator]}
              onChange={(next) => onChange({ ...given, [operator]: next })}
            />
          )}
          {used.length > 1 && (
            <Button
              kind="quiet"
              small
              aria-label={`Remove comparison ${index + 1} of ${label}`}
              onClick={() => onChange(renamed(given, operator, null, fields))}
            >
              ✕
            </Button>
          )}
        </div>
      ))}
      {free && used.length > 0 && !enums[fields[used[0]!.name]!.type] && name !== 'id' && operators.length > 2 && (
        <Button kind="quiet" small onClick={() => onChange({ ...given, [second(given, free.name)]: null })}>
          + and …
        </Button>
      )}
    </fieldset>
  );
}

/** Whether a parameter is the name of a variable. */
function namesVariable(type: string, parameter: string): boolean {
  if (type === 'VariableFilter') return parameter === 'name';
  return type === 'VariableComparisonFilter' && (parameter === 'left' || parameter === 'right');
}

/** "at least" is mostly followed by "less than". */
function second(given: Record<string, unknown>, fallback: string): string {
  return 'gte' in given && !('lt' in given) ? 'lt' : fallback;
}

/** The comparison under another operator, in its place; its value stays where the new operator takes it. */
function renamed(
  given: Record<string, unknown>,
  from: string,
  to: string | null,
  fields: Record<string, InputField>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => {
      if (name !== from) return [[name, value]];
      return to === null ? [] : [[to, converted(value, fields[from]!, fields[to]!)]];
    }),
  );
}

function converted(value: unknown, from: InputField, to: InputField): unknown {
  if (from.type !== to.type) return to.type === 'Boolean' ? true : null;
  if (Boolean(from.list) === Boolean(to.list)) return value;
  if (to.list) return value === null ? [] : [value];
  return Array.isArray(value) ? (value[0] ?? null) : value;
}
