/**
 * Queries that the application makes and has a client execute: pg's own class, a cursor, a stream, a copy. Their events
 * come in the context of the call, callbacks of a cursor in that of whoever passed them.
 */
import { keepContext } from '../caller-context.js';
import { type AnyFunction, patchMethod } from '../patch.js';
import { type PgClient, type Submittable, textHolderOf } from './client.js';
import { begin, type Operation, operations, type PgTracing } from './operation.js';

type Finish = (operation: Operation, argument: unknown) => void;

function inOperation(finish?: Finish): (original: AnyFunction) => AnyFunction {
  return (original) =>
    function answer(this: object, ...parameters: unknown[]) {
      const operation = operations.get(this);
      if (operation === undefined) return original.apply(this, parameters);
      finish?.(operation, parameters[0]);
      return operation.run(original, this, ...parameters);
    };
}

/** What clients and streams call on a query, and what we make of it. */
const ANSWERS: ReadonlyMap<string, (original: AnyFunction) => AnyFunction> = new Map([
  ['emit', inOperation()],
  ['handleReadyForQuery', inOperation((operation) => operation.end())],
  ['handleError', inOperation((operation, error) => operation.fail(error))],
]);

const patched = new WeakSet<object>();

/** Once for each class: on objects themselves it takes ten times what the rest of a query does. */
function patchAnswers(owner: object): void {
  if (patched.has(owner)) return;
  patched.add(owner);
  for (const [name, wrap] of ANSWERS) {
    if (typeof (owner as Record<string, unknown>)[name] === 'function') patchMethod(owner, name, wrap);
  }
}

/** Returns the text without the comment; undefined when it gets none. */
function addComment(query: Submittable & object, { faults }: PgTracing): string | undefined {
  try {
    const { text } = textHolderOf(query);
    const operation = operations.get(query);
    if (operation === undefined || typeof text !== 'string') return undefined;
    operation.comment(query);
    return text;
  } catch (error) {
    faults.record(error);
    return undefined;
  }
}

function removeComment(query: Submittable & object, text: string, { faults }: PgTracing): void {
  try {
    Reflect.set(textHolderOf(query), 'text', text);
  } catch (error) {
    faults.record(error);
  }
}

const commented = new WeakSet<object>();

/** The application may look at its query, and send it again: it has the comment only while it is sent. */
function patchSubmit(query: object, tracing: PgTracing): void {
  const owner = Object.hasOwn(query, 'submit') ? query : ownerOf(query);
  if (commented.has(owner)) return;
  patchMethod(owner, 'submit', (original) => {
    return function submit(this: Submittable & object, ...parameters: unknown[]) {
      const text = addComment(this, tracing);
      if (text === undefined) return original.apply(this, parameters);
      try {
        return original.apply(this, parameters);
      } finally {
        removeComment(this, text, tracing);
      }
    };
  });
  commented.add(owner);
}

function ownerOf(query: object): object {
  const prototype = Object.getPrototypeOf(query) as object | null;
  return prototype === null || prototype === Object.prototype ? query : prototype;
}

/**
 * Patches the class of pg-cursor, before pg-query-stream binds its methods to the cursor that each of its streams has.
 */
export function patchCursor(Cursor: { readonly prototype: object }): object {
  patchAnswers(Cursor.prototype);
  for (const name of ['read', 'close']) patchMethod(Cursor.prototype, name, keepContext);
  return Cursor;
}

export function submit(query: Submittable & object, client: PgClient, tracing: PgTracing): Operation | undefined {
  const operation = begin(query, client, true, tracing);
  if (operation === undefined) return undefined;
  const isOfPg = tracing.queryClasses.some((Query) => query instanceof Query);
  // pg's own class tells of its end itself; what it emits matters only here, where the application listens.
  if (isOfPg) patchMethod(query, 'emit', inOperation());
  else patchAnswers(ownerOf(query));
  if (tracing.sql.isCommenting) patchSubmit(query, tracing);
  if (query.cursor !== undefined) operations.set(query.cursor, operation);
  return operation;
}
