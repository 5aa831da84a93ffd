import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/*
 * `npm run sbom`: writes sbom.json, a CycloneDX bill of all that an installation runs: the dependencies that npm installs with the
 * package, of every system, and what is bundled in the web app, which npm counts as development. npm makes it from package-lock.json;
 * what is to stay is chosen here, since `npm sbom --omit dev` also leaves out each package that something of development asks for, too
 * (graphql among them), and marks a version as development as soon as one of its copies is.
 */
const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const bundled = JSON.parse(readFileSync('dist/web/licenses.json', 'utf8'));

const installed = Object.entries(lock.packages)
  .filter(([path, entry]) => path && !entry.dev)
  .map(([path, entry]) => `${entry.name ?? path.split('node_modules/').at(-1)}@${entry.version}`);
const kept = new Set([...installed, ...bundled.map((entry) => `${entry.name}@${entry.version}`)]);

const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
const bill = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }));

// npm calls the application by the name of its folder.
bill.metadata.component.name = name;
bill.components = bill.components
  .filter((component) => kept.has(component['bom-ref']))
  .map((component) => ({ ...component, properties: component.properties.filter((one) => !isDevelopment(one)) }));
const root = bill.metadata.component['bom-ref'];
bill.dependencies = bill.dependencies
  .filter(({ ref }) => ref === root || kept.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => kept.has(one)) }));

const missing = [...kept].filter((ref) => !bill.components.some((component) => component['bom-ref'] === ref));
if (missing.length > 0) throw new Error(`npm's bill of materials lacks ${missing.join(', ')}.`);
writeFileSync('sbom.json', `${JSON.stringify(bill, null, 2)}\n`);
console.log(`Wrote sbom.json: ${name} ${version} with ${bill.components.length} components.`);

function isDevelopment({ name: property }) {
  return property === 'cdx:npm:package:development';
}
