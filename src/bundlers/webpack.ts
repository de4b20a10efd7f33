/**
 * The webpack plugin, `@org/trace-agent/webpack`: libraries bundled with it are traced. Build time; loads no webpack.
 */
import { join } from 'node:path';
import { isWanted } from './report-load.js';

/** What the plugin uses of webpack's `Compiler`. */
export interface WebpackCompiler {
  options: { module: { rules: unknown[] } };
}

/** A webpack plugin: `plugins: [new TraceAgentPlugin()]`. */
export class TraceAgentPlugin {
  apply(compiler: WebpackCompiler): void {
    compiler.options.module.rules.push({
      test: (path: string) => isWanted(path),
      enforce: 'post',
      use: [{ loader: join(__dirname, 'webpack-loader.js') }],
    });
  }
}
