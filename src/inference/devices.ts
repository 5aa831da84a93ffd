import { UserError } from '../domain/errors.js';

/** Where graphs run, in order of preference: NVIDIA, any GPU with a Vulkan driver, always. */
export const DEVICES = ['cuda', 'webgpu', 'cpu'] as const;
export type Device = (typeof DEVICES)[number];

/** What a caller may ask for: `auto` takes the first device that works, `cuda:1` the second NVIDIA GPU. */
export type DeviceChoice = 'auto' | Device | `cuda:${number}`;

/** In words, for help and for refusals. */
export const DEVICE_WORDS = 'auto, cuda, cuda:<number of the GPU>, webgpu or cpu';

/**
 * A device choice as text.
 *
 * @throws UserError BAD_USER_INPUT
 */
export function parseDevice(text: string): DeviceChoice {
  if (text === 'auto' || (DEVICES as readonly string[]).includes(text) || /^cuda:\d{1,2}$/.test(text)) {
    return text as DeviceChoice;
  }
  throw new UserError('BAD_USER_INPUT', `There is no device '${text}'; accepted: ${DEVICE_WORDS}.`);
}

/** The devices to try for a choice, in order, and which GPU of several. */
export function candidates(choice: DeviceChoice): { devices: readonly Device[]; gpu: number } {
  if (choice === 'auto') return { devices: DEVICES, gpu: 0 };
  const [device, gpu = '0'] = choice.split(':') as [Device, string?];
  return { devices: [device], gpu: Number(gpu) };
}
