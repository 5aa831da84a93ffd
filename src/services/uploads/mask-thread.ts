import { type MaskWork, readMaskFile } from './mask.js';
import { answerOnce } from './thread.js';

/** A thread that reads one mask; see reader.ts. */
await answerOnce((work: MaskWork) => readMaskFile(work));
