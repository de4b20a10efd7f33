/**
 * Kubernetes manifests of a folder, and two judges of them made from Kubernetes' own API description: the compiled JSON
 * schemas of `kubernetes-models` (types, required fields, enums) and its TypeScript types (unknown fields, which JSON
 * schemas let pass and an API server with strict validation refuses).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';

/** A parsed manifest; tests look into it by path. */
export interface Manifest {
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly [field: string]: unknown;
}

/** Reads every document of every `.yaml` file, in the order `kubectl apply -f <folder>` takes them. Throws on bad YAML. */
export function readManifests(folder: string): Manifest[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => {
        const [problem] = [...document.errors, ...document.warnings];
        if (problem !== undefined) throw new Error(`${file}: ${problem.message}`);
        return { file, ...(document.toJS() as Omit<Manifest, 'file'>) } as Manifest;
      }),
    );
}

/** The manifest as the API server gets it. */
function bodyOf({ file: _file, ...body }: Manifest): Record<string, unknown> {
  return body;
}

/** `apps/v1` -> `kubernetes-models/apps/v1/Deployment`. */
function modelOf({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>): string {
  return `kubernetes-models/${apiVersion}/${kind}`;
}

/** What the JSON schema says against the manifest; undefined when it is valid. Throws for a kind that does not exist. */
export function schemaProblem(manifest: Manifest): string | undefined {
  const model = require(modelOf(manifest))[manifest.kind];
  try {
    new model(bodyOf(manifest)).validate();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What the types say against each manifest: mostly fields that do not exist. Empty when all is well. Takes seconds. */
export function typeProblems(manifests: readonly Manifest[], root: string): string[] {
  const source = manifests
    .map((manifest, index) => {
      const type = `import('${modelOf(manifest)}').I${manifest.kind}`;
      return `export const manifest${index}: ${type} = ${JSON.stringify(bodyOf(manifest))};`;
    })
    .join('\n');
  const fileName = join(root, 'manifests-under-test.ts');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name === fileName || fileExists.call(host, name);
  host.readFile = (name) => (name === fileName ? source : readFile.call(host, name));
  host.getSourceFile = (name, target, ...rest) =>
    name === fileName ? ts.createSourceFile(name, source, target) : getSourceFile.call(host, name, target, ...rest);
  const program = ts.createProgram([fileName], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map((diagnostic) => ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
}
