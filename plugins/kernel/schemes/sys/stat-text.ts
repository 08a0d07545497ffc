import type { Kernel } from '../../kernel.js';

const NS_PER_MS = 1e6;
const NS_PER_S = 1e9;
const ALL_VECTORS = 256;

/** The file `sys:stat`: times in milliseconds, counters since boot. */
export function statText(kernel: Kernel): string {
  const contexts = kernel.listContexts();
  const busyMs = Math.round(contexts.reduce((sum, { cpuTimeNs }) => sum + cpuTimeNs, 0) / NS_PER_MS);
  const idleMs = Math.round(kernel.idle.cpuTimeNs / NS_PER_MS);
  const counts = kernel.interruptCounts();
  const interrupts = counts.reduce((sum, count) => sum + count, 0);
  const vectors = Array.from({ length: ALL_VECTORS }, (_, vector) => counts[vector - 32] ?? 0);
  const inState = (state: string) => contexts.filter((context) => context.state === state).length;
  return [
    `cpu  ${busyMs} 0 0 ${idleMs} ${interrupts}`,
    `cpu0 ${busyMs} 0 0 ${idleMs} ${interrupts}`,
    `IRQs ${interrupts} ${vectors.join(' ')}`,
    `boot_time: ${Math.floor(kernel.parts.bootTimeNs / NS_PER_S)}`,
    `context_switches: ${kernel.scheduler.switches}`,
    `contexts_created: ${kernel.created}`,
    `contexts_alive: ${contexts.length}`,
    `contexts_running: ${inState('runnable')}`,
    `contexts_blocked: ${inState('blocked')}`,
    `event_registries: ${kernel.events.count}`,
    '',
  ].join('\n');
}
