/**
 * The ends of a process: deliver when the event loop empties, on `exit`, and on signals that nobody else handles. Main
 * thread and worker threads; the only file that touches process events. Imports nothing of ours.
 *
 *   event loop empties ─► beforeExit: hand over ─► exit: end open spans, wait (older Node.js: leave, see mayNeverEnd)
 *   process.exit, throw, rejection ──────────────► exit: end open spans, wait
 *   signal, nobody else listens ─► our listeners off ─► end open spans, flush ─► raise it again (default action)
 *   signal, the application listens ─► hand over, nothing else: the application decides, `exit` follows
 *   signal, process 1 of a container ─► the same: nobody listens, and as bare the process goes on (below)
 *
 * All waits together stay within one budget.
 */

export interface Deliverer {
  /** Hands over what is queued without waiting. Never throws. */
  handOver(): void;
  /** Ends every open span with an error status that says why. Never throws. */
  endOpenSpans(why: string, exception?: unknown): void;
  /** Settles when everything is delivered or the time is up. Never rejects. */
  flush(timeoutMillis: number): Promise<void>;
  /** Blocks until everything is delivered or the time is up; final. Never throws. */
  flushSync(timeoutMillis: number): void;
}

export interface ExitOptions {
  readonly deliverer: Deliverer;
  /** Total time any end of the process may be delayed; 0 = not at all. */
  readonly timeoutMillis: number;
  /** Signals reach the main thread only. */
  readonly isMainThread: boolean;
}

/** Process 1 of a container, or of the machine. */
const INIT = 1;
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

type SignalExitEmitter = { readonly count?: unknown } | undefined;

/**
 * Listeners of the signal-exit package (any version) only pass a signal on and do so only when no other listener is
 * there. Counting them as an application's handler would make both sides wait for each other for ever.
 */
function countSignalExitListeners(): number {
  const host = process as unknown as Record<string | symbol, SignalExitEmitter>;
  let count = 0;
  for (const key of [Symbol.for('signal-exit emitter'), '__signal_exit_emitter__']) {
    const own = host[key]?.count;
    if (typeof own === 'number') count += own;
  }
  return count;
}

function hasOtherListeners(signal: NodeJS.Signals, ours: NodeJS.SignalsListener): boolean {
  const others = process.listeners(signal).filter((listener) => listener !== ours).length;
  return others > countSignalExitListeners();
}

/** What is left of the time that the end of the process may take. */
class Budget {
  #remainingMillis: number;

  constructor(millis: number) {
    this.#remainingMillis = millis;
  }

  async spend(wait: (timeoutMillis: number) => Promise<void>): Promise<void> {
    if (this.#remainingMillis <= 0) return;
    const startedAt = performance.now();
    await wait(this.#remainingMillis);
    this.#remainingMillis -= performance.now() - startedAt;
  }

  get remainingMillis(): number {
    return Math.max(0, this.#remainingMillis);
  }
}

function installSignalHooks(deliverer: Deliverer, budget: Budget): void {
  const onSignal = (signal: NodeJS.Signals): void => {
    // The kernel drops what process 1 would die of by default, so raising it again would only leave us without listeners.
    if (process.pid === INIT || hasOtherListeners(signal, onSignal)) {
      deliverer.handOver();
      return;
    }
    // Off at once, so that a second signal has its default action while the first one waits for the flush.
    for (const name of SIGNALS) process.removeListener(name, onSignal);
    deliverer.endOpenSpans(`the process was ended by ${signal} before the span ended`);
    const raise = (): void => {
      // No `exit` event follows: what has ended during the flush is sent in the time that is left, and what could not be
      // delivered is counted and told here.
      deliverer.flushSync(budget.remainingMillis);
      process.kill(process.pid, signal);
    };
    budget.spend((timeoutMillis) => deliverer.flush(timeoutMillis)).then(raise, raise);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
}

/**
 * Whether a process that ends by itself may never end: when garbage is collected so late that callbacks of a
 * FinalizationRegistry can no longer run, V8 posts its task for them again for ever. Without an agent it happens as well;
 * what one allocates moves collections. Until Node.js 18.20.3, 20.12 and 21.6, see nodejs/node#49344 and its pull request
 * #51290.
 */
export function mayNeverEnd(nodeVersion: string): boolean {
  const [major = 0, minor = 0, patch = 0] = nodeVersion.split('.').map(Number);
  if (major === 18) return minor < 20 || (minor === 20 && patch < 3);
  return (major === 20 && minor < 12) || (major === 21 && minor < 6);
}

/**
 * What `process.exit()` does after the last `exit` listener does not come by there. Only where ours is the last one; and not
 * for an error that nobody caught, which Node.js prints after them.
 */
function endByExit(isCrash: () => boolean): void {
  const { exit } = process;
  const leave = (code: number): void => {
    if (process.listeners('exit').at(-1) === leave && !isCrash()) exit.call(process, process.exitCode ?? code);
  };
  process.on('beforeExit', () => {
    process.removeListener('exit', leave);
    process.on('exit', leave);
  });
}

/** Installs the listeners for the life of the process. */
export function installExitHooks({ deliverer, timeoutMillis, isMainThread }: ExitOptions): void {
  const budget = new Budget(timeoutMillis);
  let crash: { readonly error: unknown } | undefined;
  process.on('uncaughtExceptionMonitor', (error) => {
    crash = { error };
    // Runs only if the application's own handler kept the process alive.
    queueMicrotask(() => {
      crash = undefined;
    });
  });
  process.on('beforeExit', () => deliverer.handOver());
  process.on('exit', (code) => {
    const why = crash === undefined ? `the process exited with code ${code}` : 'the process crashed';
    deliverer.endOpenSpans(`${why} before the span ended`, crash?.error);
    deliverer.flushSync(budget.remainingMillis);
  });
  if (!isMainThread) return;
  installSignalHooks(deliverer, budget);
  if (mayNeverEnd(process.versions.node)) endByExit(() => crash !== undefined);
}
