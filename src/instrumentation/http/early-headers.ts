/**
 * Requests whose headers Node serialises in the constructor, when they are an array or hold `Expect`: what propagation
 * adds has to be in the options. Copies what it changes; the application's own objects stay as they are.
 */
import { urlToHttpOptions } from 'node:url';
import type { TextMapSetter } from '@opentelemetry/api';
import type { RequestInput, RequestView } from './attributes.js';

export type HeaderInput = readonly unknown[] | Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isUrl = (value: unknown): value is URL => value instanceof URL;

/** Where a call's options are among its parameters; -1 when it has none besides its URL. */
function indexOfOptions(parameters: readonly unknown[]): 0 | 1 | -1 {
  if (isObject(parameters[1])) return 1;
  return isObject(parameters[0]) && !isUrl(parameters[0]) ? 0 : -1;
}

function hasExpect(headers: object): boolean {
  for (const name in headers) if (name.length === 6 && name.toLowerCase() === 'expect') return true;
  return false;
}

/** The headers of such a call; undefined for every other, whose headers can be set on the request. */
export function earlyHeadersOf(parameters: readonly unknown[]): HeaderInput | undefined {
  const index = indexOfOptions(parameters);
  if (index === -1) return undefined;
  const { headers } = parameters[index] as { headers?: unknown };
  if (!isObject(headers)) return undefined;
  return Array.isArray(headers) || hasExpect(headers) ? (headers as HeaderInput) : undefined;
}

/** The parameters with other headers. */
export function withHeaders(parameters: readonly unknown[], headers: HeaderInput): unknown[] {
  const index = indexOfOptions(parameters);
  return parameters.map((parameter, at) => (at === index ? { ...(parameter as object), headers } : parameter));
}

/** What the constructor will make of the parameters, as far as attributes need it. */
export function previewRequest(parameters: readonly unknown[], defaultProtocol: string): RequestView {
  const [first, second] = parameters;
  const url = typeof first === 'string' ? new URL(first) : first;
  const base = isUrl(url) ? urlToHttpOptions(url) : url;
  const options = { ...(base as object), ...(isObject(second) ? second : {}) } as RequestInput;
  return {
    method: (options.method ?? 'GET').toUpperCase(),
    host: options.hostname || options.host || 'localhost',
    path: options.path || '/',
    protocol: options.protocol || options.agent?.protocol || defaultProtocol,
    agent: options.agent,
  };
}

/** Replaces a header in a list of names and values in turn, of pairs, or in an object. */
function setHeader(headers: HeaderInput, name: string, value: string): HeaderInput {
  const isOther = (key: unknown): boolean => String(key).toLowerCase() !== name.toLowerCase();
  if (!Array.isArray(headers)) {
    const others = Object.entries(headers).filter(([key]) => isOther(key));
    return { ...Object.fromEntries(others), [name]: value };
  }
  if (Array.isArray(headers[0])) return [...headers.filter((pair) => isOther(pair?.[0])), [name, value]];
  return [...headers.filter((_, index) => isOther(headers[index - (index % 2)])), name, value];
}

/** A carrier that is replaced with each header. */
export interface HeaderCarrier {
  headers: HeaderInput;
}

export const headerCarrierSetter: TextMapSetter<HeaderCarrier> = {
  set(carrier, name, value) {
    carrier.headers = setHeader(carrier.headers, name, value);
  },
};
