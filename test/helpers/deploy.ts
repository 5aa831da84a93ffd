import type { Command } from 'commander';
import ts from 'typescript';
import { join } from 'node:path';
import { migrateCommand } from '../../src/cli/migrate.js';
import { serveCommand } from '../../src/cli/serve.js';
import { workerCommand } from '../../src/cli/worker.js';
import { packageRoot } from '../../src/domain/package.js';

/** Gives the arguments of a container to the real command, which throws where it would refuse them, and does nothing. */
export function parseArguments([name, ...args]: readonly string[]): void {
  const commands: Record<string, () => Command> = {
    serve: serveCommand,
    worker: workerCommand,
    migrate: migrateCommand,
  };
  commands[name!]!()
    .exitOverride()
    .action(() => undefined)
    .parse(args, { from: 'user' });
}

/** What TypeScript says of a module, as text. */
export function typeErrors(source: string): string[] {
  const path = join(packageRoot, 'test/deploy/generated.ts');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (file) => file === path || fileExists(file);
  host.getSourceFile = (file, ...rest) =>
    file === path ? ts.createSourceFile(file, source, ts.ScriptTarget.ES2022) : getSourceFile(file, ...rest);
  const program = ts.createProgram([path], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
