/** Where graphs run, in order of preference: NVIDIA, any GPU with a Vulkan driver, always. */
export const DEVICES = ['cuda', 'webgpu', 'cpu'] as const;
export type Device = (typeof DEVICES)[number];

/** What a caller may ask for; `auto` takes the first device that works. */
export const DEVICE_CHOICES = ['auto', ...DEVICES] as const;
export type DeviceChoice = (typeof DEVICE_CHOICES)[number];
