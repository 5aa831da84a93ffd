/** The only door to generations for other layers. */
export { requestCancel } from './cancel.js';
export { checkTarget } from './checks.js';
export { enter } from './enter.js';
export type * from './events.js';
export { GENERATION } from './kind.js';
export { newestKneeDetector } from './knee-detector.js';
export { generationLogs, readEvents } from './log.js';
export { type Provenance, provenanceOf } from './provenance.js';
export { deleteGeneration, type Deletion, refuseNeeded, removeGenerations } from './remove.js';
export type { GenerationRequest } from './request.js';
export { type GenerationTarget, resolveTarget } from './target.js';
export {
  cancelGeneration,
  findOrEnter,
  type GenerationServices,
  requestGeneration,
  retryGeneration,
} from './requests.js';
