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
export { type GenerationTarget, resolveTarget } from './target.js';
export { cancelGeneration, type GenerationServices, retryGeneration } from './requests.js';
export { requestRestoration, type RestorationRequest } from './tasks/image-restoration/requests.js';
export { parametersOf } from './tasks/index.js';
export { findOrEnter, requestGeneration } from './tasks/xray-to-mri/requests.js';
export { gradeGuidanceOf } from './tasks/xray-to-mri/settings.js';
export type { GenerationRequest } from './tasks/xray-to-mri/request.js';
