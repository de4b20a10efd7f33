/** What every check of the doctor is given. Command line program. */
import type { CommandLineEnvironment } from '../../config/command-line.js';
import type { LoadedConfig } from '../../config/types.js';
import type { ServiceIdentity } from '../../sdk/service.js';

export interface DoctorContext {
  readonly loaded: LoadedConfig;
  readonly environment: CommandLineEnvironment;
  readonly service: ServiceIdentity;
  /** Working directory: where the application's package.json and node_modules are looked for. */
  readonly folder: string;
  /** The preload entry of this very package. */
  readonly registerFile: string;
  /** Limit of each step over the network. */
  readonly timeoutMillis: number;
}
