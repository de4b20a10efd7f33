/**
 * Headers of a message that is being sent. The one place that looks at Node's serialised head: headers that went
 * straight into `writeHead` can be read nowhere else.
 */
import type { OutgoingMessage } from 'node:http';

function linesOf(message: OutgoingMessage): string[] {
  const { _header: head } = message as { _header?: unknown };
  return typeof head === 'string' ? head.split('\r\n') : [];
}

/** Value of a header (lower-case name) that was set or sent; an array when it was given several times. */
export function outgoingHeader(message: OutgoingMessage, name: string): unknown {
  const value = message.getHeader(name);
  if (value !== undefined) return value;
  const prefix = `${name}:`;
  const values = linesOf(message)
    .filter((line) => line.toLowerCase().startsWith(prefix))
    .map((line) => line.slice(prefix.length).trim());
  return values.length > 1 ? values : values[0];
}
