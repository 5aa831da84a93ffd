/** The only door to the register of bundles. */
export { chooseReadyBundle, manifestOf, registerBundles } from './registry.js';
export { reinstateBundle, retireBundle } from './retire.js';
