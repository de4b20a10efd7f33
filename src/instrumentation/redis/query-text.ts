/** `db.query.text`: commands as redis-cli takes them, with values masked. Only for spans that are recorded. Pure. */
import { type Command, commandOf } from './commands.js';

/** UTF-16 units after which arguments are left out. A command may have a million. */
const MAX_LENGTH = 1024;
const MAX_ARGUMENT_LENGTH = 128;
const MASK = '?';
const ELLIPSIS = '...';
const NEEDS_QUOTES = /[\s"'\\]|^$/;

/** How the commands of one library look. */
export interface CommandView<C> {
  name(command: C): string;
  /** May have the name in front. */
  args(command: C): readonly unknown[];
  /** Index of the first argument in `args`. */
  readonly first: 0 | 1;
}

function shown(argument: unknown): string {
  if (typeof argument === 'number') return String(argument);
  // Bytes are seldom text.
  if (typeof argument !== 'string') return MASK;
  const text = argument.length > MAX_ARGUMENT_LENGTH ? argument.slice(0, MAX_ARGUMENT_LENGTH) + ELLIPSIS : argument;
  return NEEDS_QUOTES.test(text) ? JSON.stringify(text) : text;
}

/** Whether the argument at `position` may be shown. */
function isShown({ head, tail }: Command, position: number): boolean {
  const shape = position < head.length ? head[position] : tail[(position - head.length) % tail.length];
  return shape === 'k';
}

/** Number of leading arguments of a call of a script that may be shown: its name, the number of keys, the keys. */
function shownOfScript(args: readonly unknown[], first: number): number {
  const keys = Number(args[first + 1]);
  return Number.isInteger(keys) && keys >= 0 ? 2 + keys : 2;
}

/** Credentials are in their arguments: masked whatever the configuration says. */
const ALWAYS_MASKED = /^(?:AUTH|HELLO|ACL|CONFIG|MIGRATE)$/i;

/** The text of one command; `args` from index `first` on. */
export function queryText(command: Command, args: readonly unknown[], first: number, isSanitized: boolean): string {
  const isMasked = isSanitized || ALWAYS_MASKED.test(command.name);
  const scriptEnd = command.script === undefined ? 0 : shownOfScript(args, first);
  let text = command.name;
  for (let index = first; index < args.length; index++) {
    if (text.length > MAX_LENGTH) return `${text} ${ELLIPSIS}`;
    const position = index - first;
    const isVisible =
      command.script === undefined
        ? isShown(command, position)
        : position < scriptEnd && (position > 0 || command.script === 'name');
    text += ` ${isVisible || !isMasked ? shown(args[index]) : MASK}`;
  }
  return text;
}

/** Of a batch, as many commands are looked at. */
const MAX_COMMANDS = 50;

/** Texts of a batch, joined unless they are all the same. Spec: `db.query.text`, note on batches. */
export function batchText<C>(commands: readonly C[], view: CommandView<C>, isSanitized: boolean): string {
  const looked = commands.length > MAX_COMMANDS ? commands.slice(0, MAX_COMMANDS) : commands;
  const texts = looked.map((command) =>
    queryText(commandOf(view.name(command)), view.args(command), view.first, isSanitized),
  );
  const [first = ''] = texts;
  if (texts.every((text) => text === first)) return first;
  const joined = texts.join('; ');
  const isWhole = joined.length <= MAX_LENGTH && looked === commands;
  return isWhole ? joined : `${joined.slice(0, MAX_LENGTH)}${ELLIPSIS}`;
}
