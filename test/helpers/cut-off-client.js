/** Run on another host: locks a generation's row in a transaction, and on the next line of input asks something more. */
import { createInterface } from 'node:readline';
import { Pool } from 'pg';
import { connectionSettings } from '../../dist/src/entities/connection.js';

const [url, id] = process.argv.slice(2);
const pool = new Pool({ connectionString: url, ...connectionSettings({ statementTimeout: 1_000 }) });
pool.on('error', () => undefined);
const client = await pool.connect();
client.on('error', () => undefined);
await client.query('BEGIN');
await client.query('SELECT 1 FROM generation WHERE id = $1 FOR UPDATE', [id]);
console.log('locked');
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'ask') continue;
  console.log(await client.query('SELECT 1').then(String, (error) => error.message));
  process.exit();
}
