/**
 * Jobs of BullMQ that are fetched by hand, with `getNextJob()` or with the end of the job before: a span `receive` for
 * each that has come, linked to its producer. Nobody sees what is done with it. Main thread; loaded with the library.
 */
import { propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { activeContext } from '../active-context.js';
import type { AnyFunction } from '../patch.js';
import type { Arrival, Asking } from './asking.js';
import { carrierOfJob, describeJob, type Job } from './bullmq-job.js';
import { DELIVERY } from './bullmq-tracing.js';
import type { Messaging } from './messages.js';

/** A worker, or the queue of a job. */
interface Owner {
  readonly name?: unknown;
  readonly opts?: { readonly telemetry?: unknown };
  /** Of a worker that is being closed: whoever waits for a job then gets an error. */
  readonly closing?: unknown;
}

function arrivalOf(job: Job, queue: string): Arrival {
  const destination = { operation: 'receive', name: queue, attributes: describeJob(job) };
  return { destination, producer: propagation.extract(ROOT_CONTEXT, carrierOfJob(job)) };
}

/** Undefined where nothing is recorded, or the application has a telemetry of its own. */
function ask(messaging: Messaging, owner: Owner, jobIn: (value: unknown) => Job | undefined): Asking | undefined {
  try {
    if (owner.opts?.telemetry) return undefined;
    const queue = String(owner.name);
    return messaging.ask({
      arrivalOf(value) {
        const job = jobIn(value);
        return job === undefined ? undefined : arrivalOf(job, queue);
      },
      failedAt: () => (owner.closing ? undefined : { operation: 'receive', name: queue }),
    });
  } catch (error) {
    messaging.faults.record(error);
    return undefined;
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

export function wrapGetNextJob(original: AnyFunction, messaging: Messaging): AnyFunction {
  const jobIn = (value: unknown): Job | undefined => (isObject(value) ? value : undefined);
  return function getNextJob(this: Owner, ...parameters: unknown[]): unknown {
    const asking = ask(messaging, this, jobIn);
    const result: unknown = original.apply(this, parameters);
    return asking !== undefined && result instanceof Promise ? asking.follow(result) : result;
  };
}

/** `[data, id]` of the next job, where there is one. */
function nextJobIn(value: unknown): Job | undefined {
  const [data, id] = Array.isArray(value) ? (value as unknown[]) : [];
  return isObject(data) && typeof id === 'string' ? { ...data, id } : undefined;
}

/**
 * For `moveToCompleted` and `moveToFailed`, which may bring the next job. In a worker's own loop that is handed to the
 * processor, and has its span there. An error is one of the job that ends.
 */
export function wrapMove(original: AnyFunction, messaging: Messaging): AnyFunction {
  return function move(this: { readonly queue?: Owner }, ...parameters: unknown[]): unknown {
    const isInLoop = activeContext().getValue(DELIVERY) !== undefined;
    const asking = isInLoop || this.queue === undefined ? undefined : ask(messaging, this.queue, nextJobIn);
    const result: unknown = original.apply(this, parameters);
    if (asking === undefined || !(result instanceof Promise)) return result;
    return result.then((value: unknown) => {
      asking.end(value);
      return value;
    });
  };
}
