/** What a derived variable says of a knee exam: yes or no, or one of its bands. */
export const DERIVED_KINDS = ['BOOLEAN', 'BANDS'] as const;
export type DerivedKind = (typeof DERIVED_KINDS)[number];

/** A band of a derived variable: what it is called, and the filter of the knee exams that are in it. */
export interface DerivedBand {
  readonly label: string;
  readonly where: object;
}

/** How a derived variable is defined: by one filter that holds or not, or by bands of which the first that holds counts. */
export type DerivedDefinition = { readonly where: object } | { readonly bands: readonly DerivedBand[] };

/** A value of a derived variable, and the filter that gives it. */
export interface DerivedValue extends DerivedBand {
  readonly code: number;
}

/**
 * One version of a derived variable, ready to be read: the first of its values whose filter holds counts. Where a filter before it is unknown,
 * so is the value. It is kept as it is with work that waits, which so goes on with the version that it was asked for.
 */
export interface DerivedSource {
  /** Its name, as its owner wrote it. */
  readonly derived: string;
  readonly version: number;
  /** In their order; names in their filters are resolved. */
  readonly values: readonly DerivedValue[];
  /** The value where no filter holds; null: there is none then. */
  readonly otherwise: Pick<DerivedValue, 'code' | 'label'> | null;
  /** Conditions in its filters, those of derived variables within it included. */
  readonly conditions: number;
}

/** What the codes of a derived variable stand for, in their order. */
export function derivedLabels({ values, otherwise }: DerivedSource): Pick<DerivedValue, 'code' | 'label'>[] {
  return [...(otherwise ? [otherwise] : []), ...values.map(({ code, label }) => ({ code, label }))];
}

/** The values of a definition: 1 for yes and 0 for no, or bands numbered from 1. */
export function valuesOfDefinition(definition: DerivedDefinition): Pick<DerivedSource, 'values' | 'otherwise'> {
  if ('where' in definition) {
    return { values: [{ code: 1, label: 'Yes', where: definition.where }], otherwise: { code: 0, label: 'No' } };
  }
  return { values: definition.bands.map((band, index) => ({ ...band, code: index + 1 })), otherwise: null };
}

/** The kind of a definition. */
export function kindOfDefinition(definition: DerivedDefinition): DerivedKind {
  return 'where' in definition ? 'BOOLEAN' : 'BANDS';
}

/** A name with the version that it means, as it is kept: "V00symptomaticOa@2". */
export function atVersion(name: string, version: number): string {
  return name.includes('@') ? name : `${name}@${version}`;
}
