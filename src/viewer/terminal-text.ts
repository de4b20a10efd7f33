/**
 * Small pieces of terminal output: colour or none, safe text, fixed widths, durations.
 */
import { createColors } from 'picocolors';

export type Colors = ReturnType<typeof createColors>;
/** Wraps a text in colour. */
export type Paint = (text: string) => string;

/** Colour functions, or ones that leave the text as it is. */
export function colorsWhen(isColored: boolean): Colors {
  return createColors(isColored);
}

/** True when `stream` is a terminal and the environment does not have NO_COLOR (https://no-color.org). */
export function wantsColor(stream: { isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): boolean {
  return stream.isTTY === true && !env.NO_COLOR;
}

/** One stable colour per service, in order of first use. Red is left for errors. */
export function servicePainter(colors: Colors): (service: string) => Paint {
  const palette = [colors.cyan, colors.magenta, colors.yellow, colors.green, colors.blue];
  const given = new Map<string, Paint>();
  return (service) => {
    const paint = given.get(service) ?? palette[given.size % palette.length] ?? colors.white;
    given.set(service, paint);
    return paint;
  };
}

/** Text from the network made safe to print on one line: control and direction characters and breaks become spaces. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

/** Cuts to `width` characters, with an ellipsis when something is lost. */
export function fit(text: string, width: number): string {
  const characters = Array.from(text);
  if (characters.length <= width) return text;
  return width < 1 ? '' : `${characters.slice(0, width - 1).join('')}…`;
}

/** `fit`, then spaces up to `width`. */
export function padEnd(text: string, width: number): string {
  const fitted = fit(text, width);
  return fitted + ' '.repeat(Math.max(0, width - lengthOf(fitted)));
}

export function padStart(text: string, width: number): string {
  const fitted = fit(text, width);
  return ' '.repeat(Math.max(0, width - lengthOf(fitted))) + fitted;
}

/** Number of characters, not of UTF-16 units. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** Three significant digits with a unit: `412 µs`, `4.21 ms`, `48.2 ms`, `1.35 s`, `2 min 05 s`. */
export function formatDuration(nanos: bigint): string {
  const micros = Number(nanos) / 1_000;
  if (micros < 999.5) return `${Math.round(micros)} µs`;
  if (micros < 999_500) return `${threeDigits(micros / 1_000)} ms`;
  const seconds = micros / 1_000_000;
  if (seconds < 99.95) return `${threeDigits(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** `1 span`, `2 spans`. */
export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}
