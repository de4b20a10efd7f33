/** Public API of the package. The agent itself is started by `@org/trace-agent/register`. */

/** Version of the agent. */
export { AGENT_VERSION } from './version.js';
