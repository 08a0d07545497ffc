export { undefinedOpcodes } from './undefined-opcodes.js';
export { kernelPlugin, packImage } from './plugin.js';
export type { KernelConfig, KernelService } from './plugin.js';
export { Kernel } from './kernel.js';
