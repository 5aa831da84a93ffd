/** The only door to inference for other layers. ONNX Runtime itself is loaded in the inference process alone. */
export { DEVICE_CHOICES } from './devices.js';
export type { Device, DeviceChoice } from './devices.js';
export type { BundleManifest, Task } from './bundles/manifest.js';
export { listBundles, readBundle, readBundleFor } from './bundles/read.js';
export type { Bundle, BundleListing } from './bundles/read.js';
export { startInferenceHost } from './host.js';
export type { HostOptions, InferenceHost } from './host.js';
export { openDetector } from './localise.js';
export type { FoundKnee, KneeDetector } from './localise.js';
export { InferenceProcessDied } from './inference-process.js';
export type { GenerationHooks } from './inference-process.js';
export type { BundleDescription } from './protocol.js';
export { IMAGE_SIZE } from './request.js';
export type { GeneratedSlice, StepProgress, VolumeRequest, VolumeSummary } from './request.js';
export { SAMPLERS } from './sampler.js';
export type { SamplerName } from './sampler.js';
export type { Schedule } from './schedule.js';
export * from './metrics/index.js';
