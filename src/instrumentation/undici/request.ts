/** The part of undici's diagnostics messages that we read, and access to the headers in each of their shapes. */

export interface UndiciRequest {
  readonly method: string;
  readonly path: string;
  readonly origin?: string | URL | undefined;
  readonly upgrade?: unknown;
  /** undici 5: one raw text; from 6: names and values in turn. */
  headers: string | unknown[];
  /** Not in 6.11.0. */
  addHeader?(name: string, value: string): unknown;
}

export interface UndiciSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly alpnProtocol?: string | false | null | undefined;
}

export interface UndiciResponse {
  readonly statusCode: number;
  /** Names and values in turn, as Buffers or text; with HTTP/2 in newer releases an object. */
  readonly headers: unknown;
}

/** What undici keeps the handler of a request by: one for each copy of undici. */
const handlerKeys: symbol[] = [];
const MOST_COPIES = 8;

/** What is told of the request's answer; undefined where undici does not keep it as it does now. */
export function handlerOf(request: UndiciRequest): unknown {
  const kept = request as unknown as Readonly<Record<symbol, unknown>>;
  for (const key of handlerKeys) {
    const handler = kept[key];
    if (handler !== undefined) return handler;
  }
  if (handlerKeys.length === MOST_COPIES) return undefined;
  const key = Object.getOwnPropertySymbols(request).find(({ description }) => description === 'handler');
  if (key === undefined) return undefined;
  handlerKeys.push(key);
  return kept[key];
}

function indexOfHeader(list: readonly unknown[], name: string): number {
  for (let index = 0; index + 1 < list.length; index += 2) {
    if (String(list[index]).toLowerCase() === name) return index;
  }
  return -1;
}

function lineOf(name: string): RegExp {
  return new RegExp(`^${name}:[^\\r\\n]*(\\r\\n|$)`, 'im');
}

function addHeader(request: UndiciRequest, name: string, value: string): void {
  if (typeof request.addHeader === 'function') request.addHeader(name, value);
  else if (Array.isArray(request.headers)) request.headers.push(name, value);
}

/** Replaces the header if the application has set it itself: a receiver rejects two. */
export function setRequestHeader(request: UndiciRequest, name: string, value: string): void {
  const { headers } = request;
  if (Array.isArray(headers)) {
    const index = indexOfHeader(headers, name);
    if (index === -1) addHeader(request, name, value);
    else headers[index + 1] = value;
    return;
  }
  if (typeof headers === 'string') request.headers = headers.replace(lineOf(name), '');
  addHeader(request, name, value);
}

function valuesIn(list: readonly unknown[], name: string): unknown {
  const values: string[] = [];
  for (let index = 0; index + 1 < list.length; index += 2) {
    if (String(list[index]).toLowerCase() !== name) continue;
    const value = list[index + 1];
    values.push(...(Array.isArray(value) ? value.map(String) : [String(value)]));
  }
  return values.length === 0 ? undefined : values;
}

function linesIn(text: string, name: string): unknown {
  const lines = text.split('\r\n').filter((line) => line.toLowerCase().startsWith(`${name}:`));
  return lines.length === 0 ? undefined : lines.map((line) => line.slice(name.length + 1).trim());
}

/** Values of one header (lower-case name) in any of undici's shapes; undefined when absent. */
export function readHeader(headers: unknown, name: string): unknown {
  if (Array.isArray(headers)) return valuesIn(headers, name);
  if (typeof headers === 'string') return linesIn(headers, name);
  return (headers as Record<string, unknown> | undefined)?.[name];
}
