/** The loader that webpack.ts adds for files of known packages. Build time, in webpack's process. */
import { withReport } from './report-load.js';

interface LoaderContext {
  readonly resourcePath: string;
}

module.exports = function reportLoad(this: LoaderContext, source: string): string {
  return withReport(this.resourcePath, source);
};
