import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lists of exams ordered by a number of their visit start from the visits in that order and end after a page of them. Missing
 * values come last in either direction, which is one index a direction.
 */
export class IndexVisitOrders1760000000700 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const column of COLUMNS) {
      await runner.query(`CREATE INDEX visit_by_${column} ON visit (${column})`);
      await runner.query(`CREATE INDEX visit_by_${column}_desc ON visit (${column} DESC NULLS LAST)`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const column of COLUMNS) await runner.query(`DROP INDEX visit_by_${column}, visit_by_${column}_desc`);
  }
}

const COLUMNS = ['bmi', 'age', 'date'];
