/** What may be made of a film by rule as it arrives: of the tasks that are told nothing but their film. */
export const ARRIVAL_TASKS = ['xray-to-mri', 'image-restoration'] as const;
export type ArrivalTask = (typeof ARRIVAL_TASKS)[number];

/** Modalities of films, as a rule may name them. */
export const ARRIVAL_MODALITIES = ['CR', 'DX', 'RF', 'OT', 'SC'] as const;
export type ArrivalModality = (typeof ARRIVAL_MODALITIES)[number];
