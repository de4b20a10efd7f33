/**
 * The esbuild plugin, `@org/trace-agent/esbuild`: libraries bundled with it are traced. Build time; loads no esbuild.
 */
import { readFile } from 'node:fs/promises';
import { isWanted, withReport } from './report-load.js';

/** What the plugin uses of esbuild's `PluginBuild`. */
export interface EsbuildPluginBuild {
  onLoad(
    options: { filter: RegExp; namespace?: string },
    callback: (file: { path: string }) => Promise<{ contents: string; loader: 'js' } | undefined>,
  ): void;
}

/** An esbuild `Plugin`. */
export interface EsbuildPlugin {
  name: string;
  setup(build: EsbuildPluginBuild): void;
}

/** Creates the plugin: `esbuild.build({ ..., plugins: [traceAgent()] })`. */
export function traceAgent(): EsbuildPlugin {
  return {
    name: 'trace-agent',
    setup(build) {
      build.onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/, namespace: 'file' }, async ({ path }) => {
        if (!isWanted(path)) return undefined;
        return { contents: withReport(path, await readFile(path, 'utf8')), loader: 'js' };
      });
    },
  };
}
