import type { CohortDetail } from './queries.ts';

export const VISIBILITY: Readonly<Record<CohortDetail['visibility'], string>> = {
  PRIVATE: 'only its owner',
  LINK: 'whoever has the link',
  READERS: 'every reader',
};
