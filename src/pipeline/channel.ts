/**
 * What the delivery needs from whoever exports: a worker thread or this thread. Types only.
 */
import type { ExportSettings, FromExporter, ToExporter } from './protocol.js';

export interface ChannelEvents {
  onMessage(message: FromExporter): void;
  /** The exporter is gone; `cause` is its error in one line. Called at most once, never after {@link Channel.close}. */
  onExit(cause: string): void;
}

export interface ChannelOptions {
  /** The exporter's script: a worker's entry, or a module to load. */
  readonly exporterFile: string;
  readonly settings: ExportSettings;
  /** Variables of the worker's own environment: proxy and TLS settings that Node and libraries read there. */
  readonly environment: Readonly<Record<string, string>>;
  readonly events: ChannelEvents;
}

export interface Channel {
  /** False when nothing can arrive while this thread is blocked. */
  readonly canBlock: boolean;
  post(message: ToExporter): void;
  /** Delivers what has arrived and not been delivered yet. */
  drain(): void;
  /** Blocks this thread until something arrives, at most `timeoutMillis`. */
  wait(timeoutMillis: number): void;
  /** While true the process stays alive for what the exporter will say. */
  setReferenced(isReferenced: boolean): void;
  close(): void;
}
