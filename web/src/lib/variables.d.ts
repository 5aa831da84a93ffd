/** Made by vite.config.ts from the dictionary of variables of the server. */
declare module 'virtual:variables' {
  export interface Variable {
    /** Name of its field in the API. */
    code: string;
    /** Its name in enums of the API. */
    name: string;
    label: string;
    description: string;
    kind: 'integer' | 'real' | 'boolean' | 'date' | 'letter' | 'choice';
    range?: [number, number];
    table: 'participant' | 'visit' | 'knee_exam';
    group: string;
    uses: string[];
  }

  export const variables: Variable[];
  export const features: { code: string; name: string; levels: number }[];
}
