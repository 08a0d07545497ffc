import type { Kernel } from '../../kernel.js';
import type { SignalInfo } from '../signals/signal-queue.js';
import { TickingTimer } from './ticking-timer.js';

/** timer_create(2): a timer whose expirations send a signal; those before it is taken count as overruns. */
export class PosixTimer {
  readonly timer: TickingTimer;
  overrun = 0;

  constructor(
    kernel: Kernel,
    readonly clock: number,
    private readonly send: ((info: Pick<SignalInfo, 'code'>) => void) | undefined,
    now?: () => number,
  ) {
    this.timer = new TickingTimer(kernel, () => this.#expired(), now);
  }

  disarm(): void {
    this.timer.disarm();
  }

  #expired(): void {
    this.overrun = Math.max(0, this.timer.take() - 1);
    this.send?.({ code: SI_TIMER });
  }
}

const SI_TIMER = -2;
