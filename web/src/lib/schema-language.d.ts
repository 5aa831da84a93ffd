/** Made by vite.config.ts from schema.graphql. */
declare module 'virtual:schema-language' {
  import type { InputType } from './filters.ts';

  export const inputs: Record<string, InputType>;
  export const enums: Record<string, { value: string; description: string }[]>;
}
