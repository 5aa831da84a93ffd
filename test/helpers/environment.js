import { TestEnvironment } from 'jest-environment-node';

/**
 * onnxruntime-node is native code: it checks its inputs against the outer realm's typed arrays, which are not the ones
 * a jest sandbox has (jest issue 11864). Sharing the outer constructors makes both realms agree.
 */
export default class Environment extends TestEnvironment {
  async setup() {
    await super.setup();
    const shared = { ArrayBuffer, Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array };
    Object.assign(this.global, shared, { Float32Array, Float64Array, BigInt64Array, BigUint64Array });
  }
}
