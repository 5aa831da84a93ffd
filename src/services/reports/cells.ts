/** A table of a report, every cell as it is printed. */
export interface ReportTable {
  name: string;
  title: string;
  caption: string;
  columns: string[];
  rows: string[][];
}

export function number(value: number | null | undefined, digits: number): string {
  return value == null ? 'none' : value.toFixed(digits);
}

export function signed(value: number | null, digits: number): string {
  return value === null ? 'none' : `${value >= 0 ? '+' : ''}${value.toFixed(digits)}`;
}

export function range(lower: number | null | undefined, upper: number | null | undefined, digits: number): string {
  return lower == null || upper == null ? 'none' : `${lower.toFixed(digits)} to ${upper.toFixed(digits)}`;
}

/** A share as whole per cent. */
export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
