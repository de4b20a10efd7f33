/**
 * Compares what two instrumentations say of the same work, apart from a written list of differences that are meant. What
 * differs and is not in the list fails; so does what is in the list and does not differ any more.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Test } from 'tap';
import { ERROR, type LeanCase, type LeanSpan } from './lean.js';

/** What is compared of one span, or of one case. */
export type Facts = Readonly<Record<string, unknown>>;

export interface Difference {
  /** In which cases, in each of which it must be seen; undefined = wherever it occurs. */
  readonly cases?: readonly string[];
  /** Of spans of this kind; undefined = of any. */
  readonly kind?: LeanSpan['kind'];
  /** Name of a fact. */
  readonly what: string;
  /** The value, or how it follows from the facts that the other one has of the same span. */
  readonly official: unknown;
  readonly own: unknown;
  readonly reason: string;
}

type Follows = (other: Facts) => unknown;

function expectedOf(expected: unknown, other: Facts): unknown {
  return typeof expected === 'function' ? (expected as Follows)(other) : expected;
}

const keyOf = (difference: Difference, name: string): string =>
  [difference.what, difference.kind, difference.reason, JSON.stringify(difference.official), name].join();

export class Comparison {
  readonly #listed: readonly Difference[];
  readonly #seen = new Set<string>();
  /** Of spans, or of cases. */
  compared = 0;

  constructor(listed: readonly Difference[]) {
    this.#listed = listed;
  }

  /** One assertion for all facts of a span, or of a case. */
  compare(t: Test, name: string, official: Facts, own: Facts): void {
    const unexpected: Record<string, unknown> = {};
    for (const what of new Set([...Object.keys(official), ...Object.keys(own)])) {
      const found = { official: official[what], own: own[what] };
      if (isDeepStrictEqual(found.official, found.own)) continue;
      const difference = this.#find(name, what, found, official, own);
      if (difference === undefined) unexpected[what] = found;
      else this.#seen.add(keyOf(difference, difference.cases === undefined ? '' : name));
    }
    this.compared++;
    t.strictSame(unexpected, {}, `${name}: ${own.kind ?? 'spans'}`);
  }

  #find(name: string, what: string, found: Facts, official: Facts, own: Facts): Difference | undefined {
    return this.#listed.find(
      (difference) =>
        difference.what === what &&
        (difference.cases?.includes(name) ?? true) &&
        (difference.kind === undefined || difference.kind === own.kind) &&
        isDeepStrictEqual(found.official, expectedOf(difference.official, own)) &&
        isDeepStrictEqual(found.own, expectedOf(difference.own, official)),
    );
  }

  /** After all cases. */
  end(t: Test): void {
    const gone = this.#listed.flatMap((difference) =>
      (difference.cases ?? [''])
        .filter((name) => !this.#seen.has(keyOf(difference, name)))
        .map((name) => [name, difference]),
    );
    t.strictSame(gone, [], `all of the ${this.#listed.length} listed differences are there`);
  }
}

/** `parent`, or the span of the case that a span is below. */
function parentOf({ spans, parent }: LeanCase, { parentSpanId }: LeanSpan): string {
  if (parentSpanId === undefined) return 'nobody';
  if (parentSpanId === parent.spanId) return 'parent';
  const found = spans.find(({ spanId }) => spanId === parentSpanId);
  return found === undefined ? 'a stranger' : `${found.kind} ${found.name}`;
}

/** Of every span: its attributes, and what is none. */
export function factsOf(all: LeanCase, span: LeanSpan): Facts {
  const { name, kind, status, events, attributes } = span;
  return { ...attributes, name, kind, status, events, parent: parentOf(all, span) };
}

/**
 * The spans of a case side by side. Where there are more under one than under the other, that is a difference of the fact
 * `spans`, which has `textOf` each, and no span is compared.
 */
export function compareCase(
  t: Test,
  comparison: Comparison,
  name: string,
  [official, own]: readonly [LeanCase, LeanCase],
  facts: (all: LeanCase, span: LeanSpan) => Facts,
): void {
  if (official.spans.length !== own.spans.length) {
    const spansOf = (all: LeanCase): Facts => ({ spans: all.spans.map((span) => outlineOf(all, span)).join(' | ') });
    comparison.compare(t, name, spansOf(official), spansOf(own));
    return;
  }
  for (const [index, span] of own.spans.entries()) {
    comparison.compare(t, name, facts(official, official.spans[index] as LeanSpan), facts(own, span));
  }
}

/** `CLIENT GET ERROR`, and below what, if it is not the parent of all. */
function outlineOf(all: LeanCase, span: LeanSpan): string {
  const above = parentOf(all, span);
  const error = span.status.code === ERROR ? ' ERROR' : '';
  return `${span.kind} ${span.name}${error}${above === 'parent' ? '' : ` below ${above}`}`;
}

/** The text with the ports of this run as `port`; numbers too. */
export function withoutPorts<Value>(value: Value, ports: readonly unknown[]): Value {
  return JSON.parse(JSON.stringify(value), (_key, item: unknown) => {
    if (ports.includes(item)) return 'port';
    if (typeof item !== 'string') return item;
    return ports.reduce<string>((text, port) => text.replaceAll(`:${port}`, ':port'), item);
  }) as Value;
}
