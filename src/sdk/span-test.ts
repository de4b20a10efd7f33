/**
 * Conditions on spans, compiled once and asked at the start of a span. Patterns are matched without regular expressions:
 * what they are matched against comes from the network. Loaded only when a variable has such conditions.
 */
import { type Attributes, type AttributeValue, SpanKind } from '@opentelemetry/api';
import type { SpanCondition } from '../config/types.js';

/** What is known when a span starts. */
export type SpanTest = (name: string, kind: SpanKind, attributes: Attributes) => boolean;

type TextTest = (text: string) => boolean;
type Read = (name: string, kind: SpanKind, attributes: Attributes) => AttributeValue | undefined;

/** True when `parts` follow one another in the text, from `start` and before `end`. */
function holdsInOrder(text: string, parts: readonly string[], start: number, end: number): boolean {
  let position = start;
  for (const part of parts) {
    const found = text.indexOf(part, position);
    if (found === -1 || found + part.length > end) return false;
    position = found + part.length;
  }
  return position <= end;
}

/** `*` stands for any text; everything else for itself. */
export function compilePattern(pattern: string): TextTest {
  const parts = pattern.split('*');
  const first = parts.shift() ?? '';
  const last = parts.pop();
  if (last === undefined) return (text) => text === pattern;
  if (parts.length === 0 && last === '') return (text) => text.startsWith(first);
  return (text) =>
    text.length >= first.length + last.length &&
    text.startsWith(first) &&
    text.endsWith(last) &&
    holdsInOrder(text, parts, first.length, text.length - last.length);
}

/** The path of a whole URL, without its query. */
function pathOf(url: string): string {
  const path = url.indexOf('/', url.indexOf('://') + 3);
  if (path === -1) return '/';
  const end = url.slice(path).search(/[?#]/);
  return end === -1 ? url.slice(path) : url.slice(path, path + end);
}

/** Of a request that came in, of one that is made, or of a gRPC call (`/package.Service/Method`). */
const readPath: Read = (_name, _kind, attributes) => {
  const path = attributes['url.path'];
  if (path !== undefined) return path;
  const url = attributes['url.full'];
  if (typeof url === 'string') return pathOf(url);
  const method = attributes['rpc.method_original'] ?? attributes['rpc.method'];
  return typeof method === 'string' ? `/${method}` : undefined;
};

const READERS: Readonly<Record<string, Read>> = {
  path: readPath,
  method: (_name, _kind, attributes) => attributes['http.request.method_original'] ?? attributes['http.request.method'],
  host: (_name, _kind, attributes) => attributes['server.address'],
  kind: (_name, kind) => SpanKind[kind]?.toLowerCase(),
  name: (name) => name,
};

function readerOf(key: string): Read {
  return (Object.hasOwn(READERS, key) ? READERS[key] : undefined) ?? ((_name, _kind, attributes) => attributes[key]);
}

/** A list matches by any of its elements. */
function matches(value: AttributeValue | undefined, isMatch: TextTest): boolean {
  if (value === undefined) return false;
  return Array.isArray(value) ? value.some((element) => isMatch(String(element))) : isMatch(String(value));
}

function compileCondition({ key, isNegated, patterns }: SpanCondition): SpanTest {
  const read = readerOf(key);
  const tests = patterns.map(compilePattern);
  const isMatch: TextTest = (text) => tests.some((test) => test(text));
  return (name, kind, attributes) => matches(read(name, kind, attributes), isMatch) !== isNegated;
}

/** True for spans that meet all the conditions; none = every span. */
export function compileConditions(conditions: readonly SpanCondition[]): SpanTest {
  const [first, ...others] = conditions.map(compileCondition);
  if (first === undefined) return () => true;
  if (others.length === 0) return first;
  return (name, kind, attributes) =>
    first(name, kind, attributes) && others.every((test) => test(name, kind, attributes));
}
