import { UNGRADED_REASONS } from '../domain/survival.js';
import { choices } from './enum-types.js';

export const UngradedReasonEnum = choices(
  'UngradedReason',
  UNGRADED_REASONS,
  'Why a knee has no grade at the later of two visits: the first of these that holds.',
  {
    REPLACED: 'It was replaced by then.',
    DIED: 'The participant had died.',
    MISSED_VISIT: 'The participant did not come.',
    NOT_READ: 'The participant came, and nothing was read of the knee.',
  },
);
