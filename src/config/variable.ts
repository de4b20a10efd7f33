/**
 * The shape of one row of the variable table. Types only; parsing, messages and documentation are derived from rows.
 */

/** A capability that comes later; its variables are accepted and checked, and say so when set. */
export type Capability =
  | 'metrics'
  | 'logs'
  | 'log correlation fields'
  | 'declarative configuration'
  | 'entities'
  | 'semantic convention opt-in'
  | 'Zipkin protocols';

/** The document that defines the variable's name and meaning. */
export type VariableSource =
  | 'specification'
  | 'semantic conventions'
  | 'opentelemetry-js'
  | 'java agent'
  | '@org/trace-agent';

interface VariableBase {
  readonly description: string;
  readonly source: VariableSource;
  /** Present: accepted now, works when this capability arrives. Absent: works now. */
  readonly later?: Capability;
  /** Other names with the same meaning; the row's own name wins. */
  readonly aliases?: readonly string[];
  /** The value never appears in a message. */
  readonly isSecret?: true;
  /** Documentation only: replaces the rendered default. */
  readonly defaultNote?: string;
}

interface BooleanVariable extends VariableBase {
  readonly type: 'boolean';
  readonly default: boolean;
}

/** `integer` counts things; `duration` and `timeout` are milliseconds; a timeout of 0 means no limit. */
interface NumberVariable extends VariableBase {
  readonly type: 'integer' | 'duration' | 'timeout';
  /** `Infinity` when there is no limit. */
  readonly default: number;
  /** Smallest accepted value; 0 when absent. */
  readonly minimum?: number;
}

interface Choices extends VariableBase {
  readonly allowed: readonly string[];
  /** Other spellings, lower case, and what they stand for. */
  readonly spellings?: Readonly<Record<string, string>>;
  /** Values that are accepted and come later, with what happens instead. */
  readonly laterValues?: Readonly<Record<string, string>>;
}

interface EnumVariable extends Choices {
  readonly type: 'enum';
  readonly default: string;
}

interface EnumListVariable extends Choices {
  readonly type: 'enum list';
  readonly default: readonly string[];
}

interface ListVariable extends VariableBase {
  readonly type: 'list';
  readonly default: readonly string[];
}

interface TextVariable extends VariableBase {
  readonly type: 'string' | 'path' | 'url' | 'key=value list';
  readonly default: string | undefined;
}

export type Variable = BooleanVariable | NumberVariable | EnumVariable | EnumListVariable | ListVariable | TextVariable;

export type VariableRows = Readonly<Record<string, Variable>>;
