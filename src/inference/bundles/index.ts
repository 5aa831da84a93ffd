/** The door to bundles for tasks. Their manifests and runs, which bundles are made of, use none of it. */
export { readBundleFor } from './read.js';
