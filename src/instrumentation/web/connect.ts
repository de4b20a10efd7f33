/**
 * Connect: it runs plain functions from a list and tells nobody, so that recorded requests run through a view of the
 * list in which each function is wrapped. The application's own list, and all other requests, stay as they are.
 */
import { createTie } from '../operation.js';
import { type AnyFunction, type Faults, patchMethod } from '../patch.js';
import { joinTemplate, mountTemplate } from './template.js';
import { beginTrail, type ResponseState, type RoutedRequest, type Trail, trailOf } from './trail.js';

interface Entry {
  /** Prefix, without a slash at its end. */
  readonly route: string;
  readonly handle: AnyFunction;
}

interface Application {
  readonly stack: readonly Entry[];
}

/** The same entry for recorded requests. */
interface TracedEntry extends Entry {
  readonly original: AnyFunction;
}

const tracedEntries = createTie<TracedEntry>();

/** Puts the function's end of the trail into its parameters; `position` is that of the request among them. */
function advance(trail: Trail, entry: Entry, position: 0 | 1, parameters: unknown[], faults: Faults): void {
  const response = parameters[position + 1] as ResponseState;
  const next = parameters[position + 2] as AnyFunction;
  const { template } = trail;
  // An error handler answers on behalf of what has failed.
  if (position === 1) trail.fail(parameters[0]);
  else if (!response.headersSent) trail.enterMount(joinTemplate(trail.base, mountTemplate(entry.route)));
  const passOn = function (this: unknown, error?: unknown): unknown {
    try {
      trail.passOn(template, response, error);
    } catch (fault) {
      faults.record(fault);
    }
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return next.apply(this, arguments as unknown as unknown[]);
  };
  parameters[position + 2] = Object.defineProperty(passOn, 'name', { value: next.name });
}

function run(self: unknown, entry: Entry, position: 0 | 1, parameters: unknown[], faults: Faults): unknown {
  const trail = trailOf(parameters[position] as RoutedRequest);
  if (trail === undefined) return entry.handle.apply(self, parameters);
  try {
    advance(trail, entry, position, parameters, faults);
  } catch (error) {
    faults.record(error);
  }
  try {
    return entry.handle.apply(self, parameters);
  } catch (error) {
    trail.fail(error);
    throw error;
  }
}

/** Connect tells functions for errors by their length. */
function traceEntry(entry: Entry, faults: Faults): TracedEntry {
  const known = tracedEntries.get(entry);
  if (known?.original === entry.handle) return known;
  const position = entry.handle.length > 3 ? 1 : 0;
  const handle = function (this: unknown, ...parameters: unknown[]): unknown {
    return run(this, entry, position, parameters, faults);
  };
  for (const key of ['name', 'length'] as const) Object.defineProperty(handle, key, { value: entry.handle[key] });
  const traced: TracedEntry = { route: entry.route, handle, original: entry.handle };
  tracedEntries.set(entry, traced);
  return traced;
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && typeof (value as Entry).handle === 'function';
}

/** What `handle` runs with as its `this`: it reads nothing but the list, and sees what is added while a request runs. */
function tracedApplication(application: Application, faults: Faults): Application {
  const stack = new Proxy<readonly Entry[]>([], {
    get(_target, key) {
      const value: unknown = Reflect.get(application.stack, key);
      return isEntry(value) ? traceEntry(value, faults) : value;
    },
  });
  return Object.create(application, { stack: { value: stack } }) as Application;
}

function wrapHandle(original: AnyFunction, traced: Application, faults: Faults): AnyFunction {
  return function handle(this: unknown, request: RoutedRequest, response: ResponseState, out: unknown): unknown {
    let trail: Trail | undefined;
    let passOn = out;
    try {
      if (!faults.isDisabled) trail = beginTrail(request, faults);
      if (typeof out === 'function') passOn = trail?.descend(request, response, out as AnyFunction, faults) ?? out;
    } catch (error) {
      faults.record(error);
    }
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    if (trail === undefined) return original.apply(this, arguments as unknown as unknown[]);
    return original.call(traced, request, response, passOn);
  };
}

/** `connect` makes applications; each gets its methods as properties of its own. */
export function wrapConnect(original: AnyFunction, faults: Faults): AnyFunction {
  return function createServer(this: unknown): unknown {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const application = original.apply(this, arguments as unknown as unknown[]) as Application;
    try {
      const traced = tracedApplication(application, faults);
      patchMethod(application, 'handle', (handle) => wrapHandle(handle, traced, faults));
    } catch (error) {
      faults.record(error);
    }
    return application;
  };
}
