/**
 * Which interception this Node.js offers. Pure predicates without imports: asked before anything is loaded.
 */

/**
 * True where `module.registerHooks` accepts the empty source that Node's own CommonJS loader asks for. Earlier releases
 * that have the function break `import` of CommonJS as soon as any load hook is registered.
 * Node: https://github.com/nodejs/node/pull/59929 (22.22.3, 24.11.1, 25.1.0, 26.0.0).
 */
export function hasUsableLoadHooks(nodeVersion: string): boolean {
  const [major = 0, minor = 0, patch = 0] = nodeVersion.split('.').map((part) => Number.parseInt(part, 10));
  if (major >= 26) return true;
  if (major === 25) return minor >= 1;
  if (major === 24) return minor > 11 || (minor === 11 && patch >= 1);
  return major === 22 && (minor > 22 || (minor === 22 && patch >= 3));
}
