/**
 * examples/kubernetes against Kubernetes' own API description, the restricted Pod Security Standard, the agent's table
 * of variables, and itself (names that must match across files).
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { IDaemonSet } from 'kubernetes-models/apps/v1/DaemonSet';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { IService } from 'kubernetes-models/v1/Service';
import t from 'tap';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/config.js';
import { findVariable } from '../../src/config/env-table.js';
import { type Manifest, readManifests, schemaProblem, typeProblems } from '../helpers/manifests.js';
import { ROOT } from '../helpers/paths.js';

const FOLDER = join(ROOT, 'examples', 'kubernetes');
const MANIFESTS = readManifests(FOLDER);

function find<T>(kind: string, name: string): T {
  const found = MANIFESTS.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name} in ${FOLDER}`);
  return found as unknown as T;
}

function only<T>(items: readonly T[] | undefined): T {
  if (items?.length !== 1) throw new Error(`expected one item, got ${items?.length}`);
  return items[0] as T;
}

const deployment = find<IDeployment>('Deployment', 'shop-gateway');
const daemonSet = find<IDaemonSet>('DaemonSet', 'otel-collector');
const settings = find<IConfigMap>('ConfigMap', 'otel-settings');
const collectorConfig = find<IConfigMap>('ConfigMap', 'otel-collector');
const podOf = (owner: IDeployment | IDaemonSet): IPodSpec => owner.spec?.template.spec as IPodSpec;
const app = only(podOf(deployment).containers);
const copier = only(podOf(deployment).initContainers ?? []);
const collector = only(podOf(daemonSet).containers);

/** The fields of the downward API that an environment variable may name. */
const POD_FIELD =
  /^(metadata\.(name|namespace|uid)|metadata\.(labels|annotations)\['[^']+'\]|spec\.(nodeName|serviceAccountName)|status\.(hostIP|hostIPs|podIP|podIPs))$/;

t.test('every manifest fits the JSON schema of its kind and has no unknown field', async (t) => {
  t.ok(MANIFESTS.length >= 10, 'the folder was read');
  for (const manifest of MANIFESTS) {
    t.equal(schemaProblem(manifest), undefined, `${manifest.file}: ${manifest.kind} ${manifest.metadata.name}`);
  }
  t.same(typeProblems(MANIFESTS, ROOT), []);
});

t.test('the two judges refuse what an API server refuses', async (t) => {
  const withChange = (change: object): Manifest => {
    const copy = structuredClone(find<Manifest & IDeployment>('Deployment', 'shop-gateway'));
    Object.assign(only(podOf(copy).containers), change);
    return copy;
  };
  t.match(schemaProblem(withChange({ env: [{ name: 'PORT', value: 8080 }] })), 'env/0/value must be string');
  t.match(typeProblems([withChange({ readinesProbe: {} })], ROOT).join(), 'readinesProbe');
});

t.test('$(NAME) always refers to a variable further up, and fields exist in the downward API', async (t) => {
  let references = 0;
  for (const container of [app, collector]) {
    const declared = new Set<string>();
    for (const variable of container.env ?? []) {
      for (const [, name] of (variable.value ?? '').matchAll(/\$\(([^)]*)\)/g)) {
        references += 1;
        t.ok(declared.has(name as string), `${variable.name} uses ${name}`);
      }
      const field = variable.valueFrom?.fieldRef?.fieldPath;
      if (field !== undefined) t.match(field, POD_FIELD, `${variable.name} from ${field}`);
      t.notOk(declared.has(variable.name), `${variable.name} is declared once`);
      declared.add(variable.name);
    }
  }
  t.ok(references >= 10, 'references were looked at');
  const shared = Object.values(settings.data ?? {}).join();
  t.notMatch(shared, /\$\(/, 'Kubernetes does not expand references in what envFrom brings');
});

t.test('labels that variables are read from stand on the Pod', async (t) => {
  const labels = deployment.spec?.template.metadata?.labels ?? {};
  const wanted = (app.env ?? []).flatMap(({ valueFrom }) => {
    const [, label] = /^metadata\.labels\['(.+)'\]$/.exec(valueFrom?.fieldRef?.fieldPath ?? '') ?? [];
    return label === undefined ? [] : [label];
  });
  t.ok(wanted.length > 0);
  for (const label of wanted) t.ok(labels[label], label);
  t.equal(labels['app.kubernetes.io/name'], deployment.metadata?.name, 'the service is named like the Deployment');
});

/** The environment as the kubelet builds it: envFrom first, then env with the references expanded. */
function kubeletEnvironment(container: IContainer, fields: Record<string, string>): Record<string, string> {
  const declared: Record<string, string> = {};
  for (const { name, value, valueFrom } of container.env ?? []) {
    const field = valueFrom?.fieldRef?.fieldPath;
    const text = field === undefined ? (value ?? '') : (fields[field] ?? '');
    declared[name] = text.replace(/\$\(([^)]*)\)/g, (reference, key: string) => declared[key] ?? reference);
  }
  return { ...settings.data, ...declared };
}

t.test('the agent takes the block of variables without a complaint', async (t) => {
  const env = kubeletEnvironment(app, {
    'status.hostIP': '10.1.0.4',
    'status.podIP': '10.2.0.17',
    'metadata.name': 'shop-gateway-6b7f-x2x4q',
    'metadata.uid': '5c1e6d3e-0000-4000-8000-000000000001',
    'metadata.namespace': 'shop',
    'spec.nodeName': 'node-a',
    "metadata.labels['app.kubernetes.io/version']": '2.3.0',
    "metadata.labels['app.kubernetes.io/name']": 'shop-gateway',
  });
  const names = Object.keys(env).filter((name) => name.startsWith('OTEL_'));
  t.ok(names.length >= 8);
  for (const name of names) t.ok(findVariable(name), `${name} is in the table`);

  const { config, problems } = loadConfig({ ...env, OTEL_NODE_ENV_FILE: 'none' });
  t.same(problems, []);
  t.equal(config.serviceName, 'shop-gateway');
  t.equal(config.otlp.endpoint, 'http://10.1.0.4:4318/v1/traces');
  t.equal(config.otlp.protocol, 'http/protobuf');
  t.same(config.resourceAttributes, {
    'k8s.namespace.name': 'shop',
    'k8s.pod.name': 'shop-gateway-6b7f-x2x4q',
    'k8s.pod.uid': '5c1e6d3e-0000-4000-8000-000000000001',
    'k8s.pod.ip': '10.2.0.17',
    'k8s.node.name': 'node-a',
    'k8s.container.name': app.name,
    'k8s.deployment.name': deployment.metadata?.name,
    'service.version': '2.3.0',
    'service.namespace': 'shop',
    'service.instance.id': 'shop.shop-gateway-6b7f-x2x4q.gateway',
    'deployment.environment.name': 'production',
  });
  t.ok((config.shutdownTimeoutMillis ?? 0) < 1000 * (podOf(deployment).terminationGracePeriodSeconds ?? 30));
});

t.test('the application is admitted under the restricted Pod Security Standard', async (t) => {
  const namespace = find<Manifest>('Namespace', deployment.metadata?.namespace ?? '');
  t.equal(namespace.metadata.labels?.['pod-security.kubernetes.io/enforce'], 'restricted');
  const pod = podOf(deployment);
  t.equal(pod.securityContext?.runAsNonRoot, true);
  t.equal(pod.securityContext?.seccompProfile?.type, 'RuntimeDefault');
  for (const container of [app, copier, collector]) {
    t.equal(container.securityContext?.allowPrivilegeEscalation, false, container.name);
    t.same(container.securityContext?.capabilities?.drop, ['ALL'], container.name);
    t.equal(container.securityContext?.readOnlyRootFilesystem, true, container.name);
    t.ok(container.resources?.limits?.memory, `${container.name} has a memory limit`);
    t.notMatch(container.image ?? ':latest', /:latest$|^[^:]+$/, `${container.name} is pinned`);
  }
  t.ok([app, copier].every(({ ports }) => (ports ?? []).every(({ hostPort }) => hostPort === undefined)));
  t.same(Object.keys(only(pod.volumes)).sort(), ['emptyDir', 'name'], 'no hostPath');
});

t.test('the agent gets from its image to NODE_OPTIONS', async (t) => {
  const [command, flag, from, to] = copier.command ?? [];
  const volume = only(podOf(deployment).volumes);
  t.same([command, flag], ['cp', '-r'], 'no shell, and no ownership to keep');
  t.same(only(copier.volumeMounts), { name: volume.name, mountPath: to });
  t.same(only(app.volumeMounts), { name: volume.name, mountPath: to, readOnly: true });
  t.equal(volume.emptyDir?.sizeLimit, '100Mi');

  const [, entry] = /^--require (\S+)$/.exec(app.env?.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? '') ?? [];
  t.equal(dirname(entry ?? ''), to);
  t.ok(existsSync(join(FOLDER, 'image', basename(entry ?? ''))), 'the file is in the image');
  t.equal(from, '/autoinstrumentation/.');
  t.notOk(settings.data?.NODE_OPTIONS, 'a Pod without the volume would not start');

  const dockerfile = readFileSync(join(FOLDER, 'image', 'Dockerfile'), 'utf8');
  t.match(dockerfile, /^USER \d+:\d+$/m, 'runAsNonRoot needs a number');
  t.match(dockerfile, /chmod -R a\+rX \/autoinstrumentation/, 'any user can read it');
});

t.test('Services and selectors find their Pods and ports', async (t) => {
  for (const owner of [deployment, daemonSet]) {
    const labels = owner.spec?.template.metadata?.labels ?? {};
    t.match(labels, owner.spec?.selector.matchLabels ?? { missing: 'selector' });
    const service = find<IService>('Service', owner.metadata?.name ?? '');
    t.match(labels, service.spec?.selector ?? { missing: 'selector' });
    t.equal(service.metadata?.namespace, owner.metadata?.namespace);
    const ports = only(podOf(owner).containers).ports?.map(({ name }) => name);
    for (const { targetPort } of service.spec?.ports ?? [])
      t.ok(ports?.includes(targetPort as string), `${targetPort}`);
  }
  t.equal(only(app.envFrom).configMapRef?.name, settings.metadata?.name);
  t.equal(settings.metadata?.namespace, deployment.metadata?.namespace);
});

interface CollectorConfig {
  readonly receivers: { readonly otlp: { readonly protocols: Record<string, { readonly endpoint: string }> } };
  readonly processors: Record<string, unknown>;
  readonly exporters: Record<string, unknown>;
  readonly extensions: Record<string, unknown>;
  readonly service: {
    readonly extensions: string[];
    readonly pipelines: Record<string, { receivers: string[]; processors: string[]; exporters: string[] }>;
  };
}

t.test("the Collector's configuration joins up with its Pod and with the application", async (t) => {
  const text = collectorConfig.data?.['config.yaml'] ?? '';
  const config = parse(text) as CollectorConfig;
  const { traces } = config.service.pipelines;
  t.same(traces?.receivers, Object.keys(config.receivers), 'every receiver is used');
  t.same(traces?.processors, Object.keys(config.processors), 'every processor is used');
  t.same(traces?.exporters, Object.keys(config.exporters), 'every exporter is used');
  t.same(config.service.extensions, Object.keys(config.extensions));
  t.equal(traces?.processors[0], 'memory_limiter');
  t.equal(traces?.processors.at(-1), 'batch');

  const listening = Object.values(config.receivers.otlp.protocols).map(({ endpoint }) =>
    Number(endpoint.split(':')[1]),
  );
  t.same(listening, [4317, 4318]);
  const hostPorts = (collector.ports ?? []).filter(({ hostPort }) => hostPort !== undefined);
  t.same(
    new Map(hostPorts.map(({ containerPort, hostPort }) => [containerPort, hostPort])),
    new Map([
      [4317, 4317],
      [4318, 4318],
    ]),
  );

  const needed = [...text.matchAll(/\$\{env:(\w+)\}|node_from_env_var: (\w+)/g)].map((match) => match[1] ?? match[2]);
  t.same(needed.sort(), collector.env?.map(({ name }) => name).sort(), 'every variable is declared, and used');
  const mount = only(collector.volumeMounts);
  t.same(collector.args, [`--config=${mount.mountPath}/config.yaml`]);
  t.equal(only(podOf(daemonSet).volumes).configMap?.name, collectorConfig.metadata?.name);
});
