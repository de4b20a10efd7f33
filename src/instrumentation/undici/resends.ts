/**
 * Requests that undici and fetch send again by themselves: whose they are, and which attempt each is. Spec:
 * semantic-conventions 1.44, HTTP client span, `http.request.resend_count`.
 *
 *   undici   the handler of redirects or retries that answers an attempt sends the next one, from a callback of a connection
 *            or a timer: in the context of whoever opened that connection
 *   fetch    follows a redirect in its caller's context and in the same turn of the event loop, and says nothing of it
 */
import type { Context } from '@opentelemetry/api';
import { createTie } from '../operation.js';
import { urlOf } from './attributes.js';
import { handlerOf, readHeader, type UndiciRequest, type UndiciResponse } from './request.js';

/** One call of the application, whatever it takes. */
interface Call {
  readonly caller: Context;
  /** Attempts after the first. */
  resends: number;
}

interface Redirect {
  readonly call: Call;
  readonly url: string;
}

const RESENDERS = new Set<string | undefined>(['RedirectHandler', 'RetryHandler']);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Handlers are in one another: a retry in a redirect. */
const MOST_HANDLERS = 3;

/** Of a handler that sends again, and of a request that followed a redirect. */
const calls = createTie<Call>();
/** Of a request that belongs to no call yet. */
const callers = createTie<Context>();

/** Of this turn. Where an application has replaced its timers, the newest of all. */
let redirects: Redirect[] = [];
const MOST_REDIRECTS = 16;

const forgetRedirects = (): void => {
  redirects = [];
};

/** The handlers of a request that may send it again, outermost last. */
function resendersOf(request: UndiciRequest): object[] | undefined {
  let found: object[] | undefined;
  let handler = handlerOf(request);
  for (let depth = 0; depth < MOST_HANDLERS && typeof handler === 'object' && handler !== null; depth++) {
    if (RESENDERS.has(handler.constructor?.name)) found = [...(found ?? []), handler];
    handler = (handler as { readonly handler?: unknown }).handler;
  }
  return found;
}

function callOfHandlers(request: UndiciRequest, active: Context): Call | undefined {
  const resenders = resendersOf(request);
  if (resenders === undefined) return undefined;
  const known = resenders.map(calls.get).find((call) => call !== undefined);
  const call = known ?? { caller: active, resends: -1 };
  call.resends++;
  for (const resender of resenders) calls.set(resender, call);
  return call;
}

function callOfRedirect(request: UndiciRequest, caller: Context): Call | undefined {
  if (redirects.length === 0) return undefined;
  const url = urlOf(request);
  const index = redirects.findIndex(({ call, url: target }) => call.caller === caller && target === url);
  const [redirect] = index === -1 ? [] : redirects.splice(index, 1);
  if (redirect === undefined) return undefined;
  redirect.call.resends++;
  calls.set(request, redirect.call);
  return redirect.call;
}

/** Whose the request is, and how often it has been sent before; undefined: the active context's, never. To be asked once. */
export function beginAttempt(request: UndiciRequest, active: Context): Readonly<Call> | undefined {
  const call = callOfHandlers(request, active) ?? callOfRedirect(request, active);
  if (call === undefined) callers.set(request, active);
  return call;
}

/** Told of each response: fetch may follow it. */
export function noteResponse(request: UndiciRequest, { statusCode, headers }: UndiciResponse): void {
  if (!REDIRECTS.has(statusCode)) return;
  const caller = callers.get(request);
  const call = calls.get(request) ?? (caller && { caller, resends: 0 });
  const location = [readHeader(headers, 'location')].flat()[0];
  if (call === undefined || location === undefined) return;
  const from = urlOf(request);
  if (!URL.canParse(String(location), from)) return;
  const { origin, pathname, search } = new URL(String(location), from);
  const count = redirects.push({ call, url: origin + pathname + search });
  if (count === 1) setImmediate(forgetRedirects).unref();
  if (count > MOST_REDIRECTS) redirects.shift();
}
